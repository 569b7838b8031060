// The virtual card: P-256 keys in this browser's own database. They cannot be exported, survive
// restarts, and there is one per certificate, so that people sharing a browser do not collide.

import {
  bitString, concatenate, ecdsaSignature, element, fromHex, sequence, toBase64, toHex, utf8String,
} from "./der.js";

const DATABASE = "corporate-card";
const STORE = "keys";
const BY_CERTIFICATE = "certificateSha256";
const KEY_KIND = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE_KIND = { name: "ECDSA", hash: "SHA-256" };
// A key whose enrolment was never finished is forgotten after this many milliseconds.
const ABANDONED_AFTER = 30 * 24 * 60 * 60 * 1000;

const ECDSA_WITH_SHA256 = fromHex("300a06082a8648ce3d040302");
const COMMON_NAME = fromHex("0603550403");
const CHALLENGE_PASSWORD = fromHex("06092a864886f70d010907");
// The fixed parts of the 165 signed bytes (CAdES-B-B); signed_attributes.py builds the same.
const CONTENT_TYPE = fromHex("3181a2301806092a864886f70d010903310b06092a864886f70d010701");
const SIGNING_TIME = fromHex("301c06092a864886f70d010905310f170d");
const MESSAGE_DIGEST = fromHex("302f06092a864886f70d01090431220420");
const SIGNING_CERTIFICATE = fromHex("3037060b2a864886f70d010910022f31283026302430220420");

/** Tells whether this browser can hold a card at all (WebCrypto needs a secure address). */
export function isSupported() {
  return Boolean(globalThis.isSecureContext && globalThis.crypto?.subtle && globalThis.indexedDB);
}

/** Makes a key that cannot leave this browser, and keeps it. */
export async function createKey(label) {
  const pair = await crypto.subtle.generateKey(KEY_KIND, false, ["sign", "verify"]);
  const key = {
    id: crypto.randomUUID(),
    label,
    createdAt: Date.now(),
    privateKey: pair.privateKey,
    publicKey: pair.publicKey,
  };
  await inStore("readwrite", (store) => {
    forgetAbandoned(store);
    return store.put(key);
  });
  return key;
}

/** Makes the two keys of a card: one to sign with, one to sign in with. */
export async function createPair(label) {
  return { signing: await createKey(label), authentication: await createKey(label) };
}

/** Returns both requests in base64, as the bank's messages name them. */
export async function requestPair({ signing, authentication }, nonce) {
  return {
    request: toBase64(await makeRequest(signing, nonce)),
    authentication_request: toBase64(await makeRequest(authentication, nonce)),
  };
}

/** Binds both keys to the certificates the bank answered with. */
export async function storePair({ signing, authentication }, answer) {
  await storeCertificate(authentication, {
    certificate: answer.authentication_certificate,
    certificateSha256: answer.authentication_certificate_sha256,
  });
  await storeCertificate(signing, {
    certificate: answer.certificate,
    certificateSha256: answer.certificate_sha256,
  });
}

/** Returns a PKCS#10 request for the key as DER, with the nonce as challengePassword. */
export async function makeRequest(key, nonce) {
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("spki", key.publicKey));
  const name = sequence(element(0x31, sequence(COMMON_NAME, utf8String("card"))));
  const challenge = sequence(CHALLENGE_PASSWORD, element(0x31, utf8String(nonce)));
  const information = sequence(
    Uint8Array.of(0x02, 0x01, 0x00), name, publicKey, element(0xa0, challenge),
  );
  return sequence(information, ECDSA_WITH_SHA256, bitString(await sign(key, information)));
}

/** Returns the 165 bytes to sign; digests are 32 bytes, the time a Date whose milliseconds fall away. */
export function buildSignedAttributes(messageDigest, certificateSha256, signingTime) {
  if (messageDigest.length !== 32 || certificateSha256.length !== 32) {
    throw new RangeError("digests must be 32 bytes");
  }
  const year = signingTime.getUTCFullYear();
  if (!(year >= 1950 && year <= 2049)) throw new RangeError("time does not fit a UTCTime");
  const digits = formatTime(signingTime).replace(/[-:T]/g, "").slice(2);
  return concatenate(
    CONTENT_TYPE, SIGNING_TIME, new TextEncoder().encode(digits),
    MESSAGE_DIGEST, messageDigest, SIGNING_CERTIFICATE, certificateSha256,
  );
}

/** Signs a statement; returns the DER signature in base64. `certificateSha256` is hex. */
export async function signStatement({ key, statementBytes, certificateSha256, signingTime }) {
  const attributes = buildSignedAttributes(
    await sha256(statementBytes), fromHex(certificateSha256), signingTime,
  );
  return toBase64(await sign(key, attributes));
}

/** Binds a key to the certificate issued for it; DER in base64, its SHA-256 in hex. */
export async function storeCertificate(key, { certificate, certificateSha256 }) {
  const bound = { ...key, certificate, certificateSha256: certificateSha256.toLowerCase() };
  await inStore("readwrite", (store) => store.put(bound));
  return bound;
}

/** Returns the key of this certificate, or undefined when this browser does not hold it. */
export function findKey(certificateSha256) {
  return inStore("readonly", (store) =>
    store.index(BY_CERTIFICATE).get(certificateSha256.toLowerCase()));
}

/** Returns a time in whole seconds as the server reads it: 2026-11-22T13:55:33Z. */
export function formatTime(time) {
  return `${time.toISOString().slice(0, 19)}Z`;
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export async function sha256Hex(bytes) {
  return toHex(await sha256(bytes));
}

async function sign(key, bytes) {
  return ecdsaSignature(
    new Uint8Array(await crypto.subtle.sign(SIGNATURE_KIND, key.privateKey, bytes)),
  );
}

function forgetAbandoned(store) {
  store.openCursor().onsuccess = ({ target: { result: cursor } }) => {
    if (!cursor) return;
    const { certificateSha256, createdAt } = cursor.value;
    if (!certificateSha256 && createdAt < Date.now() - ABANDONED_AFTER) cursor.delete();
    cursor.continue();
  };
}

/** Runs one request in a transaction of its own and answers when the transaction is complete. */
async function inStore(mode, act) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      const store = request.result.createObjectStore(STORE, { keyPath: "id" });
      store.createIndex(BY_CERTIFICATE, BY_CERTIFICATE, { unique: true });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
