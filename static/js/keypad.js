/**
 * The on-screen keypad: each key sends a code that only the server can read, once. Keys are real
 * buttons; typing on the keypad presses the key of the same sign, so that a keyboard or a screen
 * reader sends the same codes as a mouse does. The page's plain password field steps aside.
 */
const pad = document.querySelector("[data-keypad]");
const COLUMNS = 10;

if (pad) start(pad);

function start(pad) {
  const form = pad.closest("form");
  const part = (name) => pad.querySelector(`[data-keypad-${name}]`);
  const planes = Object.fromEntries(
    [...pad.querySelectorAll("[data-plane]")].map((row) => [row.dataset.plane, row]),
  );
  const [shift, signs, status] = [part("shift"), part("signs"), part("status")];
  let codes = [];
  let keys = new Map();
  let over = 0;

  const say = (words) => { status.textContent = words; };
  const count = () => {
    part("dots").textContent = "•".repeat(codes.length);
    const words = codes.length ? pad.dataset.textTyped : pad.dataset.textNone;
    part("count").textContent = words.replace("{count}", codes.length);
  };
  const press = (code) => {
    codes.push(code);
    say("");
    count();
  };
  const erase = () => {
    codes.pop();
    count();
  };
  const clear = () => {
    codes = [];
    count();
  };

  const show = () => {
    const upper = shift.getAttribute("aria-pressed") === "true";
    const other = signs.getAttribute("aria-pressed") === "true";
    planes.lower.hidden = upper || other;
    planes.upper.hidden = !upper || other;
    planes.signs.hidden = !other;
    rove();
  };
  const turn = (button) => {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    show();
  };

  /** Returns the keys that can be seen, in the order they lie. */
  const visible = () => [...pad.querySelectorAll("[data-plane]:not([hidden]) button")];
  /** Lets Tab reach one key; the arrows move on from there. */
  const rove = (to) => {
    const all = visible();
    const chosen = to ?? all.find((key) => key.tabIndex === 0) ?? all[0];
    for (const key of pad.querySelectorAll("[data-plane] button")) key.tabIndex = -1;
    if (chosen) chosen.tabIndex = 0;
  };
  const move = (from, step) => {
    const all = visible();
    const to = all[all.indexOf(from) + step];
    if (!to) return;
    rove(to);
    to.focus();
  };

  const lay = (dealt) => {
    keys = new Map();
    for (const [plane, row] of Object.entries(planes)) {
      row.replaceChildren(...dealt[plane].map(({ sign, code, name }) => {
        const key = document.createElement("button");
        key.type = "button";
        key.className = "keypad-key";
        key.textContent = sign;
        key.setAttribute("aria-label", name);
        key.addEventListener("click", () => press(code));
        keys.set(sign, code);
        return key;
      }));
    }
    show();
  };
  const take = () => {
    clearTimeout(over);
    keys = new Map();
    for (const row of Object.values(planes)) row.replaceChildren();
    form.elements.namedItem("keypad_deal").value = "";
    clear();
  };
  const deal = async () => {
    take();
    try {
      const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
      const answer = await fetch(pad.dataset.url, {
        method: "POST", headers: { "X-CSRFToken": token, Accept: "application/json" },
        credentials: "same-origin", mode: "same-origin", redirect: "error", cache: "no-store",
      });
      const dealt = await answer.json();
      if (!dealt.ok) throw new Error(dealt.code);
      form.elements.namedItem("keypad_deal").value = dealt.id;
      lay(dealt);
      say("");
      over = setTimeout(() => {
        take();
        say(pad.dataset.textOver);
      }, dealt.seconds * 1000);
    } catch {
      say(pad.dataset.textFailed);
      useField(true);
    }
  };

  /** Shows the plain field, or puts it away: what stands in it would go along. */
  const useField = (used) => {
    const field = form.querySelector("[data-plain]");
    const password = field.querySelector("input");
    field.hidden = !used;
    form.querySelector("[data-keypad-without]").hidden = true;
    password.disabled = !used;
    if (!used) password.value = "";
  };

  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };
  pad.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const inside = event.target.closest("[data-keypad-keys]");
    if (inside && event.key in STEPS) {
      event.preventDefault();
      move(event.target, STEPS[event.key]);
    } else if (event.key === "Backspace") {
      event.preventDefault();
      erase();
    } else if (inside && event.key.length === 1 && event.key !== " ") {
      event.preventDefault();
      if (keys.has(event.key)) press(keys.get(event.key));
      else say(pad.dataset.textMissing);
    }
  });
  shift.addEventListener("click", () => turn(shift));
  signs.addEventListener("click", () => turn(signs));
  part("erase").addEventListener("click", erase);
  part("clear").addEventListener("click", clear);
  part("anew").addEventListener("click", () => {
    useField(false);
    deal();
  });
  form.addEventListener("reset", () => {
    clear();
    say("");
  });
  form.addEventListener("submit", (event) => {
    const typed = form.querySelector("[data-plain] input");
    if (!typed.disabled) {
      form.elements.namedItem("keypad_deal").value = "";
      return;
    }
    if (!codes.length) {
      event.preventDefault();
      say(pad.dataset.textEmpty);
      visible()[0]?.focus();
      return;
    }
    form.elements.namedItem("keypad_codes").value = codes.join(".");
  });
  // Come back to by the back button: those codes have been used.
  window.addEventListener("pageshow", (event) => { if (event.persisted) deal(); });

  pad.hidden = false;
  useField(false);
  deal();
}
