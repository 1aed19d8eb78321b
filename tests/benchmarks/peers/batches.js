// A careful script of today: data files as streams, 25 items a request, 50 requests in flight, through aws-sdk v3.
//
//   node batches.js ENDPOINT BUCKET KEY...
'use strict';
const { BatchWriteItemCommand, DynamoDBClient } = require('@aws-sdk/client-dynamodb');
const { GetObjectCommand, S3Client } = require('@aws-sdk/client-s3');
const readline = require('readline');
const zlib = require('zlib');

const IN_FLIGHT = 50;
const [endpoint, bucket, ...keys] = process.argv.slice(2);
const settings = { endpoint, region: 'us-east-1', requestHandler: { httpAgent: { maxSockets: IN_FLIGHT }, httpsAgent: { maxSockets: IN_FLIGHT } } };
const s3 = new S3Client({ ...settings, forcePathStyle: true });
const dynamodb = new DynamoDBClient(settings);

async function main() {
  const flying = new Set();
  let count = 0;
  let batch = [];
  async function send() {
    const requests = batch;
    batch = [];
    const sent = write(requests).finally(() => flying.delete(sent));
    flying.add(sent);
    if (flying.size >= IN_FLIGHT) await Promise.race(flying);
  }
  for (const key of keys) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    for await (const line of readline.createInterface({ input: Body.pipe(zlib.createGunzip()) })) {
      batch.push({ PutRequest: { Item: binaries(JSON.parse(line).Item) } });
      count += 1;
      if (batch.length === 25) await send();
    }
  }
  if (batch.length) await send();
  await Promise.all(flying);
  console.log(count);
}

async function write(requests) {
  let left = requests;
  while (left && left.length) {
    const answer = await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { bench: left } }));
    left = (answer.UnprocessedItems || {}).bench;
  }
}

function binaries(item) {
  for (const value of Object.values(item)) if (value.B !== undefined) value.B = Buffer.from(value.B, 'base64');
  return item;
}

main().catch((error) => { console.error(error); process.exit(1); });
