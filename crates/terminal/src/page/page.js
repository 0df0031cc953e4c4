// The page works without this; with it, it follows what happens and does not jump.
const live = document.getElementById("live");

const feed = new EventSource("/live?lang=" + encodeURIComponent(document.documentElement.lang));
feed.onmessage = (event) => {
  const focused = document.activeElement?.id;
  live.innerHTML = event.data;
  const again = focused && document.getElementById(focused);
  // A card just tapped cannot be tapped again: what comes next is to remove it.
  (again?.disabled ? document.getElementById("remove") : again)?.focus?.();
};

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = new URLSearchParams(new FormData(event.target, event.submitter));
  try {
    await fetch(event.target.action, { method: "POST", body, redirect: "manual" });
  } catch {
    location.reload();
  }
});
