// Unpacks the Chromium of @sparticuz/chromium, its libraries and its fonts: node unpack_chromium.mjs PACKAGE FOLDER
import { execFileSync } from 'node:child_process';
import { chmodSync, createReadStream, createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

const [source, target] = process.argv.slice(2);

async function inflate(name) {
  const file = join(target, name);
  await pipeline(
    createReadStream(join(source, 'bin', `${name}.br`)),
    createBrotliDecompress(),
    createWriteStream(file),
  );
  return file;
}

mkdirSync(target, { recursive: true });
chmodSync(await inflate('chromium'), 0o755);
for (const name of ['al2023.tar', 'fonts.tar', 'swiftshader.tar']) {
  const archive = await inflate(name);
  execFileSync('tar', ['-xf', archive, '-C', target]);
  rmSync(archive);
}
