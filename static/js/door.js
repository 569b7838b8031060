/**
 * The sign-in form: show what is typed when asked to, tell of Caps Lock, say the number in words,
 * and forget everything when it is cleared or the page is come back to. Without this module the
 * form works as it stands.
 */
const form = document.querySelector("form[data-door]");

if (form) {
  const password = form.querySelector("[data-password]");
  const show = form.querySelector("[data-show-password]");
  const caps = form.querySelector("[data-caps-lock]");

  const reveal = (shown) => {
    password.type = shown ? "text" : "password";
    show.setAttribute("aria-pressed", String(shown));
  };
  show.hidden = false;
  show.addEventListener("click", () => reveal(password.type === "password"));
  // What is sent as text, browsers would offer to remember as text.
  form.addEventListener("submit", () => reveal(false));
  form.addEventListener("reset", () => reveal(false));

  const tell = (event) => {
    const on = event.getModifierState?.("CapsLock") ?? false;
    const words = on ? caps.dataset.text : "";
    if (caps.textContent !== words) caps.textContent = words;
  };
  for (const kind of ["keydown", "keyup", "mousedown"]) password.addEventListener(kind, tell);
  password.addEventListener("blur", () => { caps.textContent = ""; });

  // The browser's back button brings the page as it was left; nothing typed comes with it.
  window.addEventListener("pageshow", (event) => { if (event.persisted) form.reset(); });

  listenToNumber(form);
}

function listenToNumber(form) {
  const place = form.querySelector("[data-number]");
  if (!place) return;
  const words = document.getElementById("number-words");
  const ask = place.querySelector("[data-number-words]");
  const said = place.querySelector("[data-number-said]");
  const anew = place.querySelector("[data-number-anew]");
  const picture = place.querySelector("[data-number-picture]");
  const typed = place.querySelector("input[name=number]");
  const first = picture.getAttribute("src");

  const draw = () => {
    picture.src = `${first}?${Date.now()}`;
    typed.value = "";
    said.textContent = "";
    ask.disabled = false;
  };
  anew.hidden = false;
  anew.addEventListener("click", draw);
  form.addEventListener("reset", draw);

  words.addEventListener("submit", async (event) => {
    event.preventDefault();
    let text = "";
    // A picture on its way would bring another number than the one that is said.
    await picture.decode().catch(() => {});
    try {
      const answer = await fetch(words.action, {
        method: "POST", body: new URLSearchParams(new FormData(words)),
        credentials: "same-origin", mode: "same-origin", redirect: "error", cache: "no-store",
      });
      if (answer.ok) text = await answer.text();
    } catch {
      text = "";
    }
    said.textContent = text || said.dataset.textNone;
    ask.disabled = true;
    typed.focus();
  });
}
