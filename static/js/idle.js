/**
 * Warn before the automatic sign-out, let the person stay, sign out when the time has passed.
 * All open pages of the site share one clock: staying in one of them counts for all. At the warning
 * and at the end (isLast) the page is told by the event idle:keep; what it hands to waitFor is waited for.
 */
const KEEPING_MILLISECONDS = 2000;
const dialog = document.querySelector("dialog[data-idle]");

if (dialog) {
  const allowed = Number(dialog.dataset.idleSeconds) * 1000;
  const warning = Number(dialog.dataset.warningSeconds) * 1000;
  const left = dialog.querySelector("[data-idle-left]");
  const problem = dialog.querySelector("[data-idle-problem]");
  const signOut = dialog.querySelector("[data-idle-sign-out]");
  const reason = dialog.querySelector("[data-idle-reason]");
  const pages = "BroadcastChannel" in window ? new BroadcastChannel("idle") : null;
  let deadline = Date.now() + allowed;
  let ended = false;

  const restart = () => {
    deadline = Date.now() + allowed;
    problem.textContent = "";
    if (dialog.open) dialog.close();
  };

  const stay = async () => {
    const token = signOut.querySelector("[name=csrfmiddlewaretoken]").value;
    try {
      const answer = await fetch(dialog.dataset.stayUrl, {
        method: "POST",
        headers: { "X-CSRFToken": token, Accept: "application/json" },
        credentials: "same-origin",
        redirect: "error",
      });
      if (!answer.ok) throw new Error(String(answer.status));
      restart();
      pages?.postMessage("stayed");
    } catch {
      problem.textContent = dialog.dataset.messageFailed;
    }
  };

  /** Lets who keeps something on this page do it, but waits no longer than that for it. */
  const keep = ({ isLast }) => {
    const waiting = [];
    const detail = { isLast, waitFor: (promise) => waiting.push(promise) };
    document.dispatchEvent(new CustomEvent("idle:keep", { detail }));
    const longest = new Promise((resolve) => { setTimeout(resolve, KEEPING_MILLISECONDS); });
    return Promise.race([Promise.allSettled(waiting), longest]);
  };

  const leave = async () => {
    ended = true;
    await keep({ isLast: true });
    reason.value = "idle";
    signOut.submit();
  };

  const tick = () => {
    if (ended) return;
    const remaining = deadline - Date.now();
    if (remaining <= 0) {
      leave();
      return;
    }
    if (remaining <= warning) {
      const seconds = Math.ceil(remaining / 1000);
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      if (!dialog.open) {
        keep({ isLast: false });
        dialog.showModal();
      }
    }
  };

  dialog.querySelector("[data-idle-stay]").addEventListener("click", stay);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    stay();
  });
  pages?.addEventListener("message", restart);
  pages?.postMessage("opened");
  document.addEventListener("visibilitychange", tick);
  setInterval(tick, 1000);
}
