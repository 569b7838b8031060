// Renews a virtual card: makes two new keys here, has the present card sign for them, gets them
// certified, and proves the new one by a signature. Until then the present one stays in force.
//
// <form method="post" data-renew data-prepare-url="/…" data-renew-url="/…" data-confirm-url="/…"
//       data-unlock-url="/…" data-next="/…" data-nonce="…" data-label="…"
//       data-certificate-sha256="hex of the present certificate" data-text-…="…">
//   csrfmiddlewaretoken; <input type="password" data-card-pin> (no name: it never goes with the form)
//   <output data-card-status role="alert">
// Words: data-text-{unsupported,no-key,pin-missing,wrong-pin,locked,making,signing,asking,confirming,
// done,refused,failed}; {tries} is filled in.

import {
  createPair, findKey, formatTime, isSupported, requestPair, signStatement, storePair,
} from "./card.js";
import { fromBase64 } from "./der.js";
import { markBusy, post, show } from "./messages.js";
import { confirm, goTo, stop } from "./proving.js";

function wire(form) {
  let busy = false;
  let waiting = null;
  const pin = form.querySelector("[data-card-pin]");
  pin?.removeAttribute("name");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    markBusy(form, true);
    try {
      waiting ??= await renew(form, pin);
      if (waiting && (await confirm(form, waiting))) {
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

  tellFirstState(form, pin);
}

/** Returns what waits for confirmation, or null when something was shown that stops it. */
async function renew(form, pin) {
  const { certificateSha256, nonce, label = "" } = form.dataset;
  const present = isSupported() && (await findKey(certificateSha256));
  if (!present) return stop(form, isSupported() ? "no-key" : "unsupported");
  if (pin && !pin.value) return stop(form, "pin-missing");
  show(form, "making");
  const pair = await createPair(label);
  const requests = await requestPair(pair, nonce);
  const prepared = await post(form, form.dataset.prepareUrl, requests);
  if (!prepared.ok) return stop(form, "refused", prepared);
  // Without a field the card asks for its PIN by itself, and the bank has none to check.
  const unlocked = !pin
    ? { ok: true }
    : await post(form, form.dataset.unlockUrl, {
        pin: pin.value,
        sign_request: prepared.sign_request,
      });
  if (!unlocked.ok) return refusedPin(form, unlocked);
  show(form, "signing");
  // The server's clock counts where it is told.
  const signingTime = unlocked.now ? new Date(unlocked.now) : new Date();
  const signature = await signStatement({
    key: present,
    statementBytes: fromBase64(prepared.statement),
    certificateSha256,
    signingTime,
  });
  show(form, "asking");
  const answer = await post(form, form.dataset.renewUrl, {
    ...requests,
    sign_request: prepared.sign_request,
    signature,
    signing_time: formatTime(signingTime),
  });
  if (!answer.ok) return stop(form, "refused", answer);
  await storePair(pair, answer);
  const { challenge, certificate_sha256: renewed, now } = answer;
  return { challenge, certificateSha256: renewed, now };
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

for (const form of document.querySelectorAll("form[data-renew]")) wire(form);
