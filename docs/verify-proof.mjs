// Checks a proof from GET /citizen/access-log/{event}/proof with nothing but Node: node verify-proof.mjs proof.json 'name+id+key'
// The key is a line of GET /log/key, kept from when you trusted it. Formats: RFC 6962 2.1, C2SP signed-note and tlog-checkpoint.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [file, key] = process.argv.slice(2);
const proof = JSON.parse(readFileSync(file, 'utf8'));
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const fail = (why) => { console.error(`It proves nothing: ${why}`); process.exit(1); };

// The leaf: number, leaf before it and time of sequencing, a line end, then the event as it was journalled.
const entry = `pmd-event/1 ${proof.serial} ${proof.previous ?? '-'} ${proof.sequencedAt}\n${proof.event}`;
let hash = sha256(Buffer.of(0), Buffer.from(entry));
if (hash.toString('hex') !== proof.leaf) fail('the leaf is of another event.');

// The checkpoint: name, size and root, signed.
const blank = proof.checkpoint.indexOf('\n\n');
const [name, size, root] = proof.checkpoint.slice(0, blank).split('\n');
const [keyName, keyId, keyText] = [key.split('+')[0], key.split('+')[1], key.split('+').slice(2).join('+')];
const publicKey = Buffer.from(keyText, 'base64').subarray(1); // after the type byte of Ed25519, 0x01
if (name !== keyName) fail('the checkpoint is of another log.');
const signed = proof.checkpoint.slice(blank + 2).split('\n').some((line) => {
  const [dash, signer, text] = line.split(' ');
  const signature = Buffer.from(text ?? '', 'base64'); // four bytes of key id, then the signature
  return dash === '\u2014' && signer === keyName && signature.subarray(0, 4).toString('hex') === keyId && verify(
    null, Buffer.from(proof.checkpoint.slice(0, blank + 1)),
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') }, format: 'jwk' }), signature.subarray(4));
});
if (!signed) fail('the key has not signed the checkpoint.');

// The path from the leaf to the root (RFC 9162 2.1.3.2 says in steps what RFC 6962 defines).
let [index, last] = [BigInt(proof.index), BigInt(size) - 1n];
if (index > last) fail('the event is past the checkpoint.');
for (const text of proof.path) {
  const sibling = Buffer.from(text, 'base64');
  if (last === 0n) fail('the path is too long.');
  if (index & 1n || index === last) {
    hash = sha256(Buffer.of(1), sibling, hash);
    while (!(index & 1n) && index !== 0n) [index, last] = [index >> 1n, last >> 1n];
  } else {
    hash = sha256(Buffer.of(1), hash, sibling);
  }
  [index, last] = [index >> 1n, last >> 1n];
}
if (last !== 0n || hash.toString('base64') !== root) fail('the path does not lead to the root that is signed.');
console.log(`Proved: event ${proof.index} of the ${size} that ${name} has signed for.\n${proof.event}`);
