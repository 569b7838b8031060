// First use of a virtual card: makes its two keys here (one signs, one is for signing in), has both
// certified by one letter, and proves the first by a signature.
//
// <form method="post" data-enrol data-enrol-url="/…" data-confirm-url="/…" data-next="/…"
//       data-nonce="…" data-label="…" data-text-…="…">
//   csrfmiddlewaretoken, letter_number, secret, new_pin, new_pin_again
//   <output data-card-status role="alert">
// When a certificate waits for its confirmation (the page was closed in between), the server
// renders data-challenge (base64), data-certificate-sha256 and data-now, and only the confirmation is done.
// Words: data-text-{unsupported,no-key,pins-differ,making,asking,confirming,done,refused,failed}.

import { createPair, isSupported, requestPair, storePair } from "./card.js";
import { markBusy, post, show } from "./messages.js";
import { confirm, goTo, stop } from "./proving.js";

function wire(form) {
  let busy = false;
  const { challenge, certificateSha256, now } = form.dataset;
  let waiting = challenge ? { challenge, certificateSha256, now } : null;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    markBusy(form, true);
    try {
      waiting ??= await enrol(form);
      if (waiting && (await confirm(form, waiting))) {
        show(form, "done");
        goTo(form.dataset.next);
        return;
      }
    } catch {
      show(form, "failed");
    }
    busy = false;
    markBusy(form, false);
  });

  show(form, isSupported() ? "ready" : "unsupported");
}

/** Returns what waits for confirmation, or null when something was shown that stops it. */
async function enrol(form) {
  const typed = (name) => form.elements.namedItem(name).value;
  if (!isSupported()) return stop(form, "unsupported");
  if (typed("new_pin") !== typed("new_pin_again")) return stop(form, "pins-differ");
  show(form, "making");
  const pair = await createPair(form.dataset.label ?? "");
  const requests = await requestPair(pair, form.dataset.nonce);
  show(form, "asking");
  const answer = await post(form, form.dataset.enrolUrl, {
    letter_number: typed("letter_number"),
    secret: typed("secret"),
    pin: typed("new_pin"),
    ...requests,
  });
  if (!answer.ok) return stop(form, "refused", answer);
  const { challenge, certificate_sha256: certificateSha256, now } = answer;
  await storePair(pair, answer);
  return { challenge, certificateSha256, now };
}

for (const form of document.querySelectorAll("form[data-enrol]")) wire(form);
