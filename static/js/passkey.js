// Asks an authenticator (Web Authentication): to register a passkey, or to show one at the gate.
//
// <form method="post" data-passkey="register | sign-in" data-begin-url data-finish-url data-next data-text-…>
//   csrfmiddlewaretoken; to register also name, and code where one is needed
//   <output data-card-status role="alert">
// Words: those of templates/includes/passkey_messages.html.

import { fromBase64, toBase64 } from "./der.js";
import { markBusy, post, show, showBeside } from "./messages.js";
import { goTo } from "./proving.js";

// What authenticators and browsers say → the state whose words are shown.
const STATES = {
  NotAllowedError: "cancelled",
  AbortError: "cancelled",
  InvalidStateError: "known",
  SecurityError: "address",
  NotSupportedError: "unfit",
  ConstraintError: "unfit",
};

function isSupported() {
  return Boolean(globalThis.isSecureContext && globalThis.PublicKeyCredential && navigator.credentials);
}

function fromBase64Url(text) {
  return fromBase64(text.replace(/-/g, "+").replace(/_/g, "/"));
}

function toBase64Url(buffer) {
  return toBase64(new Uint8Array(buffer)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const named = (list = []) => list.map((one) => ({ ...one, id: fromBase64Url(one.id) }));

/** Asks the authenticator; returns its answer as the JSON the bank reads. */
async function touch(act, options) {
  const asked = { ...options, challenge: fromBase64Url(options.challenge) };
  if (act === "register") {
    const publicKey = {
      ...asked,
      user: { ...options.user, id: fromBase64Url(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    };
    return asJson(await navigator.credentials.create({ publicKey }));
  }
  const publicKey = { ...asked, allowCredentials: named(options.allowCredentials) };
  return asJson(await navigator.credentials.get({ publicKey }));
}

function asJson(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = toBase64Url(credential.response[part]);
  }
  const { id, type } = credential;
  return JSON.stringify({
    id, rawId: toBase64Url(credential.rawId), type, response, clientExtensionResults: {},
  });
}

const typed = (form, name) => form.elements.namedItem(name)?.value ?? "";

/** Shows what the bank refused; tells that it is over. */
function refused(form, answer) {
  const beside = showBeside(form, answer);
  show(form, beside ? "ready" : "refused", beside ? {} : answer);
  return false;
}

/** Returns where to go on when all is done, or false when something was shown that stops it. */
async function ask(form) {
  const { passkey: act, beginUrl, finishUrl, next } = form.dataset;
  if (!isSupported()) {
    show(form, "unsupported");
    return false;
  }
  showBeside(form);
  show(form, "asking");
  const begun = await post(form, beginUrl, act === "register" ? { code: typed(form, "code") } : {});
  if (!begun.ok) return refused(form, begun);
  show(form, "touching");
  const answer = await touch(act, begun.options);
  show(form, "checking");
  const message = act === "register" ? { answer, name: typed(form, "name") } : { answer, next };
  const done = await post(form, finishUrl, message);
  return done.ok ? (done.next ?? next) : refused(form, done);
}

function wire(form) {
  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    markBusy(form, true);
    try {
      const target = await ask(form);
      if (target) {
        show(form, "done");
        goTo(target);
        return;
      }
    } catch (error) {
      show(form, STATES[error?.name] ?? "failed");
    }
    busy = false;
    markBusy(form, false);
  });
  // Coming back by the history must not leave a form that can no longer be sent.
  globalThis.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    busy = false;
    markBusy(form, false);
  });
  show(form, isSupported() ? "ready" : "unsupported");
}

for (const form of document.querySelectorAll("form[data-passkey]")) wire(form);
