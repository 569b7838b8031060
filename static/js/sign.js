// Signs a decision with the virtual card before its form is sent.
//
// <form method="post" data-sign data-prepare-url="/…" data-certificate-sha256="hex"
//       data-unlock-url="/…" data-text-…="…">
//   hidden: csrfmiddlewaretoken, sign_request, signature, signing_time; maybe a reason
// The statement is asked for at the click, so that its five minutes begin when somebody signs.
//   <input type="password" data-card-pin>  (no name: the PIN never goes with the form)
//   <output data-card-status role="alert">
// A button with data-unsigned sends the form as it is. data-certificate-state="suspended" or "expired" is shown and stops signing.
// Words: data-text-{unsupported,no-key,suspended,expired,pin-missing,checking,signing,sending,
// wrong-pin,locked,refused,failed}; {tries} is filled in.

import { findKey, formatTime, isSupported, signStatement } from "./card.js";
import { fromBase64 } from "./der.js";
import { markBusy, post, postForm, show, showBeside } from "./messages.js";

const FORM_STATES = ["suspended", "expired"];

class Hindrance extends Error {
  constructor(state, details) {
    super(state);
    this.state = state;
    this.details = details;
  }
}

function wire(form) {
  // idle → busy (asking, signing) → signed (the browser sends the form) and nothing twice.
  let progress = "idle";
  const pin = form.querySelector("[data-card-pin]");
  pin?.removeAttribute("name");

  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (progress === "signed") {
      progress = "sent";
      return;
    }
    if (progress === "idle" && button && "unsigned" in button.dataset) {
      progress = "sent";
      return;
    }
    event.preventDefault();
    if (progress !== "idle") return;
    progress = "busy";
    markBusy(form, true);
    try {
      await sign(form, pin);
      progress = "signed";
      show(form, "sending");
      form.requestSubmit(button);
    } catch (error) {
      progress = "idle";
      markBusy(form, false);
      const known = error instanceof Hindrance;
      const beside = known && showBeside(form, error.details);
      show(form, beside ? "ready" : known ? error.state : "failed", known && !beside ? error.details : {});
      if (!beside && pin && !pin.disabled) pin.focus();
    } finally {
      if (pin) pin.value = "";
    }
  });

  // Enter in the PIN field would press the first button; with several verbs people must choose.
  pin?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && submitButtons(form).length > 1) event.preventDefault();
  });

  // Coming back by the history must not leave a form that can no longer be sent.
  globalThis.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    progress = "idle";
    markBusy(form, false);
  });

  tellFirstState(form, pin);
}

async function sign(form, pin) {
  const key = await usableKey(form);
  if (pin && !pin.value) throw new Hindrance("pin-missing");
  show(form, "checking");
  const prepared = await postForm(form, form.dataset.prepareUrl);
  if (!prepared.ok) throw refusal(prepared);
  // Without a field the card asks for its PIN by itself, and the bank has none to check.
  const answer = !pin
    ? { ok: true }
    : await post(form, form.dataset.unlockUrl, {
        pin: pin.value,
        sign_request: prepared.sign_request,
      });
  if (!answer.ok) throw refusal(answer);
  show(form, "signing");
  // The server's clock counts: a computer that is minutes off could not sign otherwise.
  const signingTime = answer.now ? new Date(answer.now) : new Date();
  const signature = await signStatement({
    key,
    statementBytes: fromBase64(prepared.statement),
    certificateSha256: form.dataset.certificateSha256,
    signingTime,
  });
  fill(form, "signature", signature);
  fill(form, "signing_time", formatTime(signingTime));
  fill(form, "sign_request", prepared.sign_request);
}

async function usableKey(form) {
  if (FORM_STATES.includes(form.dataset.certificateState)) {
    throw new Hindrance(form.dataset.certificateState);
  }
  if (!isSupported()) throw new Hindrance("unsupported");
  const key = await findKey(form.dataset.certificateSha256);
  if (!key) throw new Hindrance("no-key");
  return key;
}

function refusal({ message, field, tries_left: tries, state }) {
  if (Number.isInteger(tries)) {
    return new Hindrance(tries > 0 ? "wrong-pin" : "locked", { message, values: { tries } });
  }
  return new Hindrance(FORM_STATES.includes(state) ? state : "refused", { message, field });
}

async function tellFirstState(form, pin) {
  try {
    await usableKey(form);
    show(form, "ready");
  } catch (error) {
    if (pin) pin.disabled = true;
    show(form, error instanceof Hindrance ? error.state : "failed");
  }
}

function submitButtons(form) {
  return Array.from(form.elements).filter((field) => field.type === "submit");
}

function fill(form, name, value) {
  form.elements.namedItem(name).value = value;
}

for (const form of document.querySelectorAll("form[data-sign]")) wire(form);
