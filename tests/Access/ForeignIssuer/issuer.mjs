// An issuer (oidc-provider) and proofs (dpop, jose) that this project has not written. Writes one line of JSON with requests and what is to be answered to
// each, and serves the issuer's keys until standard input ends.
// Arguments: the port to serve on, the address of the service's look-up, and the public key by which the service itself signs in (private_key_jwt).
import { createHash, randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import * as DPoP from 'dpop';
import * as jose from 'jose';
import Provider from 'oidc-provider';

const [port, target, serviceKey] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const audience = 'nhn:pmd';
const resource = 'https://pmd.example';
const { privateKey } = await jose.generateKeyPair('PS256', { modulusLength: 2048, extractable: true });
const clients = { person: { [`helseid://claims/identity/pid`]: '05898597468', 'helseid://claims/identity/security_level': '4', name: 'GRØNN VITS' }, machine: {} };

const provider = new Provider(issuer, {
  jwks: { keys: [{ ...(await jose.exportJWK(privateKey)), alg: 'PS256', use: 'sig', kid: 'foreign' }] },
  clients: Object.keys(clients).map((id) => ({
    client_id: id, client_secret: 'not a secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: 'PS256',
  })).concat({
    client_id: 'pmd-service', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], id_token_signed_response_alg: 'PS256',
    token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256', jwks: { keys: [JSON.parse(serviceKey)] },
  }),
  enabledJWA: { dPoPSigningAlgValues: ['ES256', 'PS256', 'RS256'] },
  scopes: ['nhn:pmd/read', 'nhn:pmd/write'],
  features: {
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, asked) => ({
        scope: 'nhn:pmd/read nhn:pmd/write', audience: asked === resource ? audience : asked, accessTokenTTL: 300, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'PS256' } },
      }),
    },
  },
  extraTokenClaims: (_, token) => ({ ...clients[token.clientId], 'helseid://claims/client/claims/orgnr_parent': '981275721' }),
});
const server = provider.listen(Number(port), '127.0.0.1');
await new Promise((done) => server.on('listening', done));

const { token_endpoint: tokenEndpoint } = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();

async function token(client, keys, scope, asked = resource) {
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...(keys ? { DPoP: await DPoP.generateProof(keys, tokenEndpoint, 'POST') } : {}) },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: client, client_secret: 'not a secret', scope, resource: asked }),
  });
  const body = await response.json();
  if (!response.ok) {
    throw new Error(JSON.stringify(body));
  }

  return body.access_token;
}

// A proof by jose, so that every part can be chosen.
async function proof(keys, accessToken, claims = {}, header = {}, signWith = keys.privateKey) {
  return new jose.SignJWT({
    jti: randomUUID(), htm: 'POST', htu: target, iat: Math.floor(Date.now() / 1000), ath: createHash('sha256').update(accessToken).digest('base64url'), ...claims,
  }).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await jose.exportJWK(keys.publicKey), ...header }).sign(signWith);
}

const cases = [];
function add(name, route, accessToken, proofs, status, error) {
  cases.push({ name, route, authorization: [`DPoP ${accessToken}`], proofs: [proofs].flat(), status, error });
}

for (const alg of ['ES256', 'PS256', 'RS256']) {
  const keys = await DPoP.generateKeyPair(alg);
  const read = await token('person', keys, 'nhn:pmd/read');
  add(`${alg}, a person looks up`, 'LookUp', read, await DPoP.generateProof(keys, target, 'POST', undefined, read), 200);
  const write = await token('machine', keys, 'nhn:pmd/write');
  add(`${alg}, a machine submits`, 'Submit', write, await DPoP.generateProof(keys, target, 'POST', undefined, write), 200);
}

const keys = await DPoP.generateKeyPair('ES256', { extractable: true });
const other = await DPoP.generateKeyPair('ES256', { extractable: true });
const read = await token('person', keys, 'nhn:pmd/read');
const write = await token('person', keys, 'nhn:pmd/write');
const machine = await token('machine', keys, 'nhn:pmd/read');
const elsewhere = await token('person', keys, 'nhn:pmd/read', 'https://other.example');
const unbound = await token('person', null, 'nhn:pmd/read');
const once = await proof(keys, read);
add('a proof by jose', 'LookUp', read, once, 200);
add('the same again', 'LookUp', read, once, 401, 'invalid_dpop_proof');
add('with a query in htu', 'LookUp', read, await proof(keys, read, { htu: `${target}?a=b` }), 200);
add('another scope', 'LookUp', write, await proof(keys, write), 403, 'insufficient_scope');
add('a machine looks up', 'LookUp', machine, await proof(keys, machine), 403, 'insufficient_scope');
add('another audience', 'LookUp', elsewhere, await proof(keys, elsewhere), 401, 'invalid_token');
add('a token that is not bound', 'LookUp', unbound, await proof(keys, unbound), 401, 'invalid_token');
add('a proof by another key', 'LookUp', read, await proof(other, read), 401, 'invalid_token');
add('a proof by another key that shows the right one', 'LookUp', read, await proof(keys, read, {}, {}, other.privateKey), 401, 'invalid_dpop_proof');
add('a proof for another token', 'LookUp', read, await proof(keys, write), 401, 'invalid_dpop_proof');
add('a proof for another method', 'LookUp', read, await DPoP.generateProof(keys, target, 'GET', undefined, read), 401, 'invalid_dpop_proof');
add('a proof for another address', 'LookUp', read, await DPoP.generateProof(keys, `${target}/other`, 'POST', undefined, read), 401, 'invalid_dpop_proof');
add('a proof for the token endpoint', 'LookUp', read, await DPoP.generateProof(keys, tokenEndpoint, 'POST'), 401, 'invalid_dpop_proof');
add('an old proof', 'LookUp', read, await proof(keys, read, { iat: Math.floor(Date.now() / 1000) - 600 }), 401, 'invalid_dpop_proof');
add('a proof of another typ', 'LookUp', read, await proof(keys, read, {}, { typ: 'JWT' }), 401, 'invalid_dpop_proof');
add('a proof that shows the private key', 'LookUp', read, await proof(keys, read, {}, { jwk: await jose.exportJWK(keys.privateKey) }), 401, 'invalid_dpop_proof');
add('two proofs', 'LookUp', read, [await proof(keys, read), await proof(keys, read)], 400, 'invalid_request');
const [head, body, signature] = read.split('.');
const forged = `${head}.${Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url')), scope: 'nhn:pmd/read nhn:pmd/write' })).toString('base64url')}.${signature}`;
add('a token that was changed', 'LookUp', forged, await proof(keys, forged), 401, 'invalid_token');
const self = await new jose.SignJWT(jose.decodeJwt(read)).setProtectedHeader({ ...jose.decodeProtectedHeader(read), alg: 'ES256' }).sign(other.privateKey);
add('a token signed by the caller', 'LookUp', self, await proof(keys, self), 401, 'invalid_token');
const identity = await new jose.SignJWT(jose.decodeJwt(read)).setProtectedHeader({ alg: 'PS256', kid: 'foreign', typ: 'id_token' }).sign(privateKey);
add('an id token', 'LookUp', identity, await proof(keys, identity), 401, 'invalid_token');

console.log(JSON.stringify(cases));

// Assertions of the service, one a line: what jose says of each.
const publicKey = await jose.importJWK(JSON.parse(serviceKey), 'ES256');
for await (const assertion of createInterface({ input: process.stdin })) {
  try {
    const { payload } = await jose.jwtVerify(assertion, publicKey, {
      algorithms: ['ES256'], typ: 'client-authentication+jwt', issuer: 'pmd-service', subject: 'pmd-service', audience: issuer, maxTokenAge: '60s',
      requiredClaims: ['iss', 'sub', 'aud', 'jti', 'iat', 'exp'],
    });
    console.log(JSON.stringify({ life: payload.exp - payload.iat, jti: payload.jti }));
  } catch (e) {
    console.log(JSON.stringify({ error: e.code ?? e.message }));
  }
}

process.exit(0);
