// Shows the card: its key for signing in signs what the bank asks, and the session counts for more.
//
// The form is templates/includes/card_sign_in.html: <form data-card-sign-in data-prepare-url data-unlock-url
//   data-authenticate-url data-next data-certificate-sha256="hex of the certificate for signing in" data-text-…>
//   csrfmiddlewaretoken; <input type="password" data-card-pin> (no name: the PIN never goes with the form)
//   <output data-card-status role="alert">
// Words: those of sign.js, and data-text-done.

import { findKey, formatTime, isSupported, signStatement } from "./card.js";
import { fromBase64 } from "./der.js";
import { markBusy, post, show } from "./messages.js";
import { goTo, stop } from "./proving.js";

function wire(form) {
  let busy = false;
  const pin = form.querySelector("[data-card-pin]");
  pin?.removeAttribute("name");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    markBusy(form, true);
    try {
      if (await showCard(form, pin)) {
        show(form, "done");
        goTo(form.dataset.next);
        return;
      }
    } catch {
      show(form, "failed");
    } finally {
      if (pin) pin.value = "";
    }
    busy = false;
    markBusy(form, false);
    if (pin && !pin.disabled) pin.focus();
  });

  // Coming back by the history must not leave a form that can no longer be sent.
  globalThis.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    busy = false;
    markBusy(form, false);
  });

  tellFirstState(form, pin);
}

/** Tells whether the bank took the card's signature; shows what stops it otherwise. */
async function showCard(form, pin) {
  const { certificateSha256, prepareUrl, unlockUrl, authenticateUrl } = form.dataset;
  const key = isSupported() && (await findKey(certificateSha256));
  if (!key) return stop(form, isSupported() ? "no-key" : "unsupported");
  if (pin && !pin.value) return stop(form, "pin-missing");
  show(form, "checking");
  const prepared = await post(form, prepareUrl, {});
  if (!prepared.ok) return stop(form, "refused", prepared);
  const { sign_request: signRequest } = prepared;
  // Without a field the card asks for its PIN by itself, and the bank has none to check.
  const unlocked = !pin
    ? { ok: true }
    : await post(form, unlockUrl, { pin: pin.value, sign_request: signRequest });
  if (!unlocked.ok) return refusedPin(form, unlocked);
  show(form, "signing");
  // The server's clock counts where it is told.
  const signingTime = unlocked.now ? new Date(unlocked.now) : new Date();
  const signature = await signStatement({
    key,
    statementBytes: fromBase64(prepared.statement),
    certificateSha256,
    signingTime,
  });
  const answer = await post(form, authenticateUrl, {
    sign_request: signRequest,
    signature,
    signing_time: formatTime(signingTime),
  });
  return answer.ok || stop(form, "refused", answer);
}

function refusedPin(form, { message, tries_left: tries }) {
  if (!Number.isInteger(tries)) return stop(form, "refused", { message });
  show(form, tries > 0 ? "wrong-pin" : "locked", { message, values: { tries } });
  return null;
}

async function tellFirstState(form, pin) {
  const held = isSupported() && (await findKey(form.dataset.certificateSha256));
  if (!held && pin) pin.disabled = true;
  show(form, held ? "ready" : isSupported() ? "no-key" : "unsupported");
}

for (const form of document.querySelectorAll("form[data-card-sign-in]")) wire(form);
