// The page works without this; with it, it follows what happens and does not jump.
const live = document.getElementById("live");

const feed = new EventSource("/live?lang=" + encodeURIComponent(document.documentElement.lang));
feed.onmessage = (event) => {
  const focused = document.activeElement?.id;
  live.innerHTML = event.data;
  if (focused) document.getElementById(focused)?.focus();
};

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  try {
    await fetch(form.action, { method: "POST", body, redirect: "manual" });
  } catch {
    location.reload();
  }
});
