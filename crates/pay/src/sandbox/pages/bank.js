// The pages work without this: it counts down, and goes back to the merchant when the time has come.
"use strict";
const every = (work) => { const timer = setInterval(() => { if (work()) clearInterval(timer); }, 1000); };

for (const time of document.querySelectorAll("time[data-left]")) {
  let left = Number(time.dataset.left);
  every(() => {
    left = Math.max(0, left - 1);
    const [hours, minutes, seconds] = [left / 3600, (left / 60) % 60, left % 60].map(Math.floor);
    const parts = hours > 0 ? [hours, minutes, seconds] : [minutes, seconds];
    time.textContent = parts.map((part) => String(part).padStart(2, "0")).join(":");
    if (left === 0) location.reload();
    return left === 0;
  });
}

for (const button of document.querySelectorAll("button[data-wait]")) {
  let left = Number(button.dataset.wait);
  if (left <= 0) continue;
  const label = button.textContent;
  const show = () => { button.textContent = left > 0 ? `${label} (${left})` : label; button.disabled = left > 0; };
  show();
  every(() => { left -= 1; show(); return left <= 0; });
}

for (const form of document.querySelectorAll("form[data-countdown]")) {
  let left = Number(form.dataset.countdown);
  let gone = false;
  form.addEventListener("submit", () => { gone = true; });
  every(() => {
    left -= 1;
    form.querySelector("[data-seconds]").textContent = Math.max(0, left);
    if (left <= 0 && !gone) form.requestSubmit();
    return left <= 0 || gone;
  });
}

// One press is one press.
for (const form of document.querySelectorAll("form:not([data-countdown])")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}

// The console follows what happens, where nobody is at work.
const live = document.querySelectorAll("[data-live]");
if (live.length > 0) {
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(location.pathname).catch(() => null);
    if (!answer?.ok) return;
    const now = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = now.getElementById(part.id);
      if (other && !part.contains(document.activeElement) && part.innerHTML !== other.innerHTML) part.replaceWith(other);
    }
  }, 2000);
}
