// What taking a card into use and renewing it have in common: the first signature of a new key.

import { findKey, formatTime, signStatement } from "./card.js";
import { fromBase64 } from "./der.js";
import { post, show } from "./messages.js";

/** Proves a new key by its first signature; tells whether its certificate came into force. */
export async function confirm(form, { challenge, certificateSha256, now }) {
  show(form, "confirming");
  const key = await findKey(certificateSha256);
  if (!key) return stop(form, "no-key");
  // The server's clock counts where it is told.
  const signingTime = now ? new Date(now) : new Date();
  const signature = await signStatement({
    key, statementBytes: fromBase64(challenge), certificateSha256, signingTime,
  });
  const answer = await post(form, form.dataset.confirmUrl, {
    certificate_sha256: certificateSha256,
    signature,
    signing_time: formatTime(signingTime),
  });
  return answer.ok || stop(form, "refused", answer);
}

/** Shows a state that stops the form, with the server's message where there is one. */
export function stop(form, state, { message } = {}) {
  show(form, state, { message });
  return null;
}

/** Goes on to an address of this site. */
export function goTo(next) {
  const url = new URL(next, location.href);
  if (url.origin === location.origin) location.assign(url.href);
}
