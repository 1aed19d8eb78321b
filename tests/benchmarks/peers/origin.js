// The way of the script that ddbbackup replaces, written anew: every data file downloaded, unzipped and merged in
// memory, every item parsed, then one putItem an item, all begun at once, through aws-sdk v2.
//
//   node origin.js ENDPOINT BUCKET KEY...
'use strict';
process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = '1';
const AWS = require('aws-sdk');
const https = require('https');
const zlib = require('zlib');

const [endpoint, bucket, ...keys] = process.argv.slice(2);
const Agent = endpoint.startsWith('https:') ? https.Agent : require('http').Agent;
AWS.config.update({ region: 'us-east-1', httpOptions: { agent: new Agent({ keepAlive: true, maxSockets: 50 }) } });
const s3 = new AWS.S3({ endpoint, s3ForcePathStyle: true });
const dynamodb = new AWS.DynamoDB({ endpoint });

async function main() {
  let merged = '';
  for (const key of keys) {
    const { Body } = await s3.getObject({ Bucket: bucket, Key: key }).promise();
    merged += zlib.gunzipSync(Body).toString('utf8');
  }
  const items = merged.split('\n').filter(Boolean).map((line) => binaries(JSON.parse(line).Item));
  await Promise.all(items.map((Item) => dynamodb.putItem({ TableName: 'bench', Item }).promise()));
  console.log(items.length);
}

// The SDK encodes binaries itself, so they must be decoded first (the script forgot that).
function binaries(item) {
  for (const value of Object.values(item)) if (value.B !== undefined) value.B = Buffer.from(value.B, 'base64');
  return item;
}

main().catch((error) => { console.error(error); process.exit(1); });
