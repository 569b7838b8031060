// Keeps what is typed into a form and gives it back after signing in again, or after the card.
//
// <form method="post" data-draft> is kept every twenty seconds when it has changed, at the idle warning
// and before signing out by time. Never kept: passwords, hidden fields, files, autocomplete="off" or
// "one-time-code", and whatever stands under data-no-draft. A field that is no secret and merely wants
// no suggestions of the browser says data-draft-kept. A form that is sent says by two hidden fields,
// draft and draft_fields, which draft ends with it and what of it may be kept.
// <template data-drafts data-url="/…"> holds the notice: [data-draft-notice] with [data-draft-discard].

import { post } from "./messages.js";

const EVERY_MILLISECONDS = 20_000;
const KEPT_TYPES = [
  "text", "textarea", "search", "tel", "email", "url", "number", "date", "time", "datetime-local",
  "month", "checkbox", "radio", "select-one", "select-multiple",
];
const template = document.querySelector("template[data-drafts]");

/** The address a form is sent to is the name of its draft: it stays the same wherever it is shown. */
const pathOf = (form) => new URL(form.getAttribute("action") || location.href, location.href).pathname;

function isKept(field) {
  const fill = (field.getAttribute("autocomplete") ?? "").split(" ");
  return Boolean(field.name)
    && KEPT_TYPES.includes(field.type)
    && !fill.includes("one-time-code")
    && (!fill.includes("off") || "draftKept" in field.dataset)
    && !field.closest("[data-no-draft]");
}

const fieldsOf = (form) => Array.from(form.elements).filter(isKept);
const isChoice = (field) => field.type === "checkbox" || field.type === "radio";

/** Returns what is typed, as the bank keeps it: a list of values for each name. */
function typed(form) {
  const found = {};
  for (const field of fieldsOf(form)) {
    const values = (found[field.name] ??= []);
    if (field.type === "select-multiple") {
      values.push(...Array.from(field.selectedOptions, (option) => option.value));
    } else if (!isChoice(field) || field.checked) {
      values.push(field.value);
    }
  }
  return found;
}

/** Puts kept values back into the fields that would be kept today. */
function fill(form, kept) {
  const left = Object.fromEntries(Object.entries(kept).map(([name, values]) => [name, [...values]]));
  for (const field of fieldsOf(form)) {
    const values = left[field.name];
    if (!values) continue;
    if (isChoice(field)) {
      field.checked = values.includes(field.value);
    } else if (field.type === "select-multiple") {
      for (const option of field.options) option.selected = values.includes(option.value);
    } else {
      const value = values.shift() ?? "";
      const offered = field.type !== "select-one"
        || Array.from(field.options).some((option) => option.value === value);
      if (offered) field.value = value;
    }
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

class Draft {
  constructor(form) {
    this.form = form;
    this.path = pathOf(form);
    this.known = JSON.stringify(typed(form));
    this.kept = Promise.resolve();
    form.addEventListener("submit", () => this.announce());
  }

  /** Tells whether the page shows what was just sent and refused: then nothing older comes back. */
  get isRefused() {
    return this.form.querySelector("[aria-invalid=true], .field-error") !== null;
  }

  /** Keeps what has changed, one time after the other. */
  keep() {
    this.kept = this.kept.catch(() => {}).then(() => this.send());
    return this.kept;
  }

  async send() {
    const now = typed(this.form);
    const text = JSON.stringify(now);
    if (text === this.known) return;
    const answer = await post(this.form, template.dataset.url, { path: this.path, fields: now });
    // What could not be kept now is tried again.
    if (answer.ok) this.known = text;
  }

  giveBack(kept) {
    const before = JSON.stringify(typed(this.form));
    fill(this.form, kept);
    this.known = JSON.stringify(typed(this.form));
    if (this.known === before) return;
    const around = this.form.closest("details");
    if (around) around.open = true;
    const notice = template.content.querySelector("[data-draft-notice]").cloneNode(true);
    notice.querySelector("[data-draft-discard]").addEventListener("click", () => this.discard(notice));
    this.form.before(notice);
  }

  async discard(notice) {
    await post(this.form, template.dataset.url, { path: this.path, fields: {} });
    this.form.reset();
    this.known = JSON.stringify(typed(this.form));
    notice.remove();
    fieldsOf(this.form)[0]?.focus();
  }

  announce() {
    const names = [...new Set(fieldsOf(this.form).map((field) => field.name))].join(" ");
    hide(this.form, "draft", this.path);
    hide(this.form, "draft_fields", names);
  }
}

function hide(form, name, value) {
  let field = form.querySelector(`input[type=hidden][name=${name}]`);
  if (!field) {
    field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    form.append(field);
  }
  field.value = value;
}

async function giveBack(drafts) {
  const query = new URLSearchParams(drafts.map(({ path }) => ["path", path]));
  const response = await fetch(`${template.dataset.url}?${query}`, {
    headers: { Accept: "application/json" },
    credentials: "same-origin",
    redirect: "error",
    cache: "no-store",
  });
  if (!response.ok) return;
  const { drafts: kept } = await response.json();
  for (const draft of drafts) {
    if (kept[draft.path] && !draft.isRefused) draft.giveBack(kept[draft.path]);
  }
}

const forms = template ? Array.from(document.querySelectorAll("form[data-draft]")) : [];
if (forms.length) {
  const drafts = forms.map((form) => new Draft(form));
  const keepAll = () => Promise.allSettled(drafts.map((draft) => draft.keep()));
  const timer = setInterval(keepAll, EVERY_MILLISECONDS);
  document.addEventListener("idle:keep", ({ detail }) => {
    if (detail.isLast) clearInterval(timer);
    detail.waitFor(keepAll());
  });
  giveBack(drafts).catch(() => {});
}
