// What the pages with a virtual card have in common: telling a state, and asking the server.

/**
 * Shows a state of the form. The words are the page's: data-text-<state>, in the reader's language,
 * with {name} places. A message of the server goes before them.
 */
export function show(form, state, { message, values = {} } = {}) {
  form.dataset.state = state;
  const place = form.querySelector("[data-card-status]");
  if (!place) return;
  const text = message || form.getAttribute(`data-text-${state}`) || "";
  place.textContent = text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/**
 * Shows what the server refused beside the field it is about, as a page of the server would, and
 * leads there. Tells whether the form shows such a field.
 */
export function showBeside(form, { field, message } = {}) {
  for (const old of form.querySelectorAll(".field-error[data-of]")) old.remove();
  const control = field ? form.elements.namedItem(field) : null;
  if (!message || !control || control.type === "hidden") return false;
  const place = document.createElement("div");
  place.className = "field-error";
  place.id = `${control.id}_error`;
  place.dataset.of = field;
  const words = document.createElement("p");
  words.textContent = message;
  place.append(words);
  control.before(place);
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", place.id);
  control.focus();
  return true;
}

/** Posts JSON to our own server; returns its answer, or throws when there is none to be read. */
export function post(form, url, body) {
  const headers = {
    "Content-Type": "application/json",
    "X-CSRFToken": form.querySelector("input[name=csrfmiddlewaretoken]").value,
  };
  return ask(url, JSON.stringify(body), headers);
}

/** Posts a form's fields as they stand; returns the answer as post does. */
export function postForm(form, url) {
  return ask(url, new URLSearchParams(new FormData(form)), {});
}

async function ask(url, body, headers) {
  const response = await fetch(url, {
    method: "POST",
    mode: "same-origin",
    credentials: "same-origin",
    redirect: "error",
    cache: "no-store",
    headers: { "Accept": "application/json", ...headers },
    body,
  });
  const answer = await response.json();
  return { ...answer, ok: response.ok && answer.ok === true };
}

/** Marks the buttons of a form as busy for eyes and screen readers; they stay in the form's data. */
export function markBusy(form, busy) {
  form.setAttribute("aria-busy", String(busy));
  for (const button of form.querySelectorAll("button, input[type=submit]")) {
    button.setAttribute("aria-disabled", String(busy));
  }
}
