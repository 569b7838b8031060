// A tiny DER writer (X.690) for the few structures a card in the browser must build.

/** Joins byte arrays. */
export function concatenate(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Returns one element: identifier octet, length, content. */
export function element(tag, ...parts) {
  const content = concatenate(...parts);
  const length = [];
  if (content.length < 0x80) {
    length.push(content.length);
  } else {
    for (let rest = content.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff);
    length.unshift(0x80 | length.length);
  }
  return concatenate(Uint8Array.of(tag, ...length), content);
}

export const sequence = (...parts) => element(0x30, ...parts);

export const utf8String = (text) => element(0x0c, new TextEncoder().encode(text));

export const bitString = (bytes) => element(0x03, Uint8Array.of(0), bytes);

/** Returns a positive INTEGER from big-endian bytes: shortest form, never read as negative. */
export function unsignedInteger(bytes) {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const shortest = bytes.subarray(start);
  return shortest[0] & 0x80 ? element(0x02, Uint8Array.of(0), shortest) : element(0x02, shortest);
}

/** Turns the r and s that WebCrypto puts side by side into the DER that X.509 and CMS expect. */
export function ecdsaSignature(raw) {
  const half = raw.length / 2;
  return sequence(unsignedInteger(raw.subarray(0, half)), unsignedInteger(raw.subarray(half)));
}

export function fromHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function toBase64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
