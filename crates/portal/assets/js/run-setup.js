// Setting up a run, and what came of one: Esc leads back. On the check page a key that was held, or pressed twice, does
// not begin the run: who still hammers Enter has not seen it.

const SETTLE_MS = 600;
const shown = performance.now();
const check = document.getElementById("check");
const back = document.querySelector('[data-cancel], main a[href="/station"]');

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && back) location.assign(back.href);
  else if (event.key !== "Enter" || !(event.repeat || (check && performance.now() - shown < SETTLE_MS))) return;
  event.preventDefault();
});
