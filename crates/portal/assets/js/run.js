// A hands-free run: the page only follows. It sounds for each card, says that it is there when asked, and stops the run.
// The server draws everything and decides everything.

import { listen, place } from "./fragments.js";
import { call } from "./session.js";
import { awake, doneSound, play, wake } from "./sounds.js";

const $ = (id) => document.getElementById(id);
const { run, terminal, over } = $("run").dataset;
const body = () => new URLSearchParams({ run });

// The last sound ends before the page goes.
const LAST_SOUND_MS = 1_500;
const AGAIN_MS = 1_000;

let heard = Number($("panel").dataset.told);
let doubts = Number($("panel").dataset.doubts);
let stopping = false;

/** Sounds once for what was told since; should something have been missed, a new doubt is what must be heard. */
function sound() {
  const panel = $("panel").dataset;
  const told = Number(panel.told);
  if (told <= heard) return;
  const missed = told > heard + 1 && Number(panel.doubts) > doubts;
  if (panel.sound) play(missed ? "doubt" : panel.sound);
  [heard, doubts] = [told, Number(panel.doubts)];
}

/** Somebody is here: the run goes on only while the server hears this. */
function watch() {
  call("/station/run/watch", { method: "POST", body: body(), limit: 4_000 }).catch(() => {});
}

/** Stops the run; asks until the server has heard it. */
async function stop() {
  if (stopping) return;
  stopping = true;
  document.querySelector("[data-stopping]").hidden = false;
  for (;;) {
    try {
      const response = await call("/station/run/stop", { method: "POST", body: body(), limit: 5_000 });
      if (response.status < 500) return; // Stopped, or nothing of ours to stop: the stream says which.
    } catch {
      $("lost").hidden = false;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

function key(event) {
  wake();
  mute();
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") stop();
  else if (event.key === "a" || event.key === "A") $("again")?.focus();
  else if (event.key === "Enter" && event.repeat) return event.preventDefault();
  else return;
  event.preventDefault();
}

/** Says so while the browser has no sound. */
function mute() {
  $("mute").hidden = awake();
  setTimeout(() => { $("mute").hidden = awake(); }, 300);
}

document.addEventListener("keydown", key);
document.addEventListener("pointerdown", () => { wake(); mute(); });
$("stop").addEventListener("submit", (event) => { event.preventDefault(); stop(); });
document.addEventListener("submit", (event) => {
  if (!event.target.matches(".again")) return;
  event.preventDefault();
  $("again").disabled = true; // Once; the panel comes anew with what became of it.
  call("/station/run/again", { method: "POST", body: new URLSearchParams(new FormData(event.target)) }).catch(() => {});
});
// What is looked at meanwhile opens beside: leaving this page would pause the run.
document.addEventListener("click", (event) => {
  const link = event.target.closest('main a[href^="/loads/"], .strip a');
  if (link) link.target = "_blank";
});
for (const part of document.querySelectorAll("[data-scripted]")) part.hidden = false;
$("sound").checked = doneSound();
$("sound").addEventListener("change", () => { doneSound($("sound").checked); if ($("sound").checked) play("done"); });

mute();
watch();
listen(`/station/live?terminal=${terminal}&run=${run}`, {
  live: (html) => { place(html); sound(); },
  watch,
  over: (end, close) => {
    close();
    if (end !== "none") play(end);
    setTimeout(() => location.replace(over), LAST_SOUND_MS);
  },
});
