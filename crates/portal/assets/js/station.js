// The charging station. The server draws everything; this puts its fragments in their places, follows the keys, and
// asks for the outcome of a confirm. It never posts a confirm twice: when an answer is missing it asks what became of
// the intent. It has no words of its own.

import { listen, place } from "./fragments.js";
import { call, problemIn, signInAgain } from "./session.js";
import { doneSound, play, wake } from "./sounds.js";

const $ = (id) => document.getElementById(id);
const all = (selector) => document.querySelectorAll(selector);
const station = document.querySelector(".station");
const input = $("amount");
const ask = $("ask");
const TERMINAL = ask.elements.terminal.value;

// Digits that follow each other this fast are one number: "1" is the first preset, "1 2 0" is 120.
const TOGETHER_MS = 700;
// After a result keys are dead for a moment: who still hammers Enter has not seen it.
const SETTLE_MS = 600;
const SLOW_MS = 4_000;

let typed = { text: "", at: 0 };
let result = null; // { state, card, at, emptied, order, vain }

/* ---- Values ---- */

const mode = () => station.dataset.mode;
const limits = () => $("limits");
const limit = (name) => Number(limits().dataset[name]);
const field = (name) => limits().querySelector(`[name="${name}"]`).value;
const open = () => limits().dataset.phase === "open";

/** What is typed, in fen; NaN when it is no amount. */
function fen() {
  const text = input.value.normalize("NFKC").replace(/[¥,元\s]/g, "");
  const [, yuan, cents = ""] = /^(\d+)(?:\.(\d{1,2}))?$/.exec(text) ?? [];
  return yuan === undefined ? NaN : Number(yuan) * 100 + Number(cents.padEnd(2, "0"));
}

function money(amount) {
  const yuan = String(Math.trunc(amount / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
  return `¥${yuan}.${String(amount % 100).padStart(2, "0")}`;
}

/** Why the amount would not do; the words stand in #limits. */
function why(amount) {
  if (!open() || !input.value) return null;
  if (Number.isNaN(amount) || amount % limit("step")) return "step";
  if (amount < limit("least")) return "small";
  if (amount > limit("most")) return "ceiling";
  return amount > limit("quota") ? "quota" : null;
}

/* ---- Drawing what follows from the amount ---- */

function redraw() {
  const amount = fen();
  const reason = why(amount);
  const good = open() && !Number.isNaN(amount) && !reason;
  for (const word of limits().querySelectorAll("[data-why]")) word.hidden = word.dataset.why !== reason;
  input.closest(".amount").classList.toggle("off", Boolean(reason));
  input.toggleAttribute("aria-invalid", Boolean(reason));
  for (const preset of all("#offers button")) preset.setAttribute("aria-pressed", String(Number(preset.dataset.fen) === amount));
  for (const after of all('[data-fills="after"]')) {
    after.textContent = good ? money(limit("balance") + amount) : "¥—";
    after.classList.toggle("none", !good);
  }
  document.querySelector('[data-fills="adds"]')?.setAttribute("width", good ? amount : 0);
  for (const sum of all('[data-fills="go"], [data-fills="ask"]')) sum.textContent = Number.isNaN(amount) ? "" : money(amount);
  const phase = limits().dataset.phase;
  const face = phase === "open" ? "go" : phase === "closed" ? "no" : "wait";
  for (const word of all("[data-go]")) word.hidden = word.dataset.go !== face;
  $("go").setAttribute("aria-disabled", String(!good));
  document.querySelector("[data-repeat]").hidden = !limits().dataset.last;
}

function choose(amount) {
  input.value = String(amount / 100);
  redraw();
}

function show(next) {
  station.dataset.mode = next;
  if (next === "entry") $("go").focus({ preventScroll: true });
}

/* ---- Live fragments ---- */

/** What follows from new fragments. */
function news(html) {
  place(html);
  redraw();
  react();
}

/** Beside a doubt, the panel of an empty reader asks for the same card. */
function putBack() {
  $("card").querySelector(".put-back")?.remove();
  const back = $("result").querySelector("[data-put-back]");
  if (back && $("card").classList.contains("vacant")) $("card").prepend(back.content.cloneNode(true));
}

/** What a change on the reader means for the desk. */
function react() {
  putBack();
  const phase = limits().dataset.phase;
  if (phase === "charging" && ["entry", "ask"].includes(mode())) {
    follow(field("intent")); // Another window, or this one before it was loaded again.
  } else if (mode() === "ask" && field("intent") !== ask.elements.intent.value) {
    show("entry"); // Another card, or none: what was asked no longer holds.
  } else if (mode() === "result" && result.state === "unknown" && $("card").dataset.proven) {
    play("done");
    next(); // The card has settled the doubt, and says so itself.
  } else if (mode() === "result" && result.state === "unknown" && $("card").dataset.vain === result.order && !result.vain) {
    handOver(); // The card was asked and cannot tell.
  } else if (mode() === "result" && result.state !== "unknown") {
    if (phase === "no-card") result.emptied = true;
    else if (result.emptied || field("card") !== result.card) next();
  }
}

/* ---- From the amount to the result ---- */

/** First Enter: asks once more. */
function arm() {
  const amount = fen();
  if (!open()) return;
  if (!input.value) return; // The focus stays where digits choose a preset.
  if (Number.isNaN(amount) || why(amount)) {
    input.focus();
    input.select();
    return;
  }
  for (const name of ["intent", "card", "balance"]) ask.elements[name].value = field(name);
  ask.elements.amount.value = input.value;
  document.querySelector('[data-fills="card"]').replaceChildren($("card").querySelector(".cardno").cloneNode(true));
  $("problem").replaceChildren();
  redraw();
  show("ask");
  $("yes").focus();
}

/** Second Enter: the money moves. Keys are dead from here to the result. */
async function confirm() {
  const body = new URLSearchParams(new FormData(ask));
  body.set("sure", "yes");
  document.querySelector('[data-fills="still"]').textContent = document.querySelector('[data-fills="ask"]').textContent;
  begin();
  try {
    const response = await call("/station/charge", { method: "POST", body, limit: 8_000 });
    if (response.status === 401) {
      show("entry"); // Nothing was charged, and the page under the dialog must not say that it is.
      await signInAgain({ refused: true });
      return show("entry");
    }
    if (response.status >= 400 && response.status < 500) {
      $("problem").replaceChildren(...(await problemIn(response)));
      play("problem");
      return show("entry");
    }
  } catch {
    slow();
  }
  await follow(body.get("intent"));
}

function begin() {
  result = null;
  document.querySelector("[data-slow]").hidden = true;
  show("charging");
}

function slow() {
  document.querySelector("[data-slow]").hidden = false;
}

/** Where it is asked what became of an intent. */
const outcome = (intent) => `/station/outcome/${TERMINAL}/${encodeURIComponent(intent)}`;

/** Asks what became of an intent until it is known. */
async function follow(intent) {
  if (mode() !== "charging") begin();
  const late = setTimeout(slow, SLOW_MS);
  const url = outcome(intent);
  let unheard = 0;
  for (let tries = 1; ; tries += 1) {
    try {
      const response = await call(url, { limit: 20_000 });
      if (response.status === 200) {
        clearTimeout(late);
        return finish(await response.text());
      }
      if (response.status === 401) await signInAgain();
      // A confirm that was cut off may still be on its way: the answer counts when it stays the same.
      else if (response.status === 404 && (unheard += 1) >= 3) {
        clearTimeout(late);
        $("problem").replaceChildren($("unsent").content.cloneNode(true));
        play("problem");
        return show("entry");
      } else if (response.status === 202) continue;
    } catch {
      slow();
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(tries * 500, 3_000)));
  }
}

/** Draws a result and gives what the script must know of it. */
function draw(html) {
  const box = $("result");
  box.innerHTML = html;
  box.append($("next").content.cloneNode(true));
  putBack();
  return box.querySelector("[data-state]").dataset;
}

/** The result says no longer that the card should come back, but who decides now. */
async function handOver() {
  const of = result;
  of.vain = true;
  try {
    const response = await call(outcome($("result").querySelector("[data-state]").dataset.intent), { limit: 20_000 });
    if (response.status !== 200 || result !== of) return;
    of.state = draw(await response.text()).state;
    $("result").focus({ preventScroll: true });
  } catch {
    of.vain = false; // The next look tries again.
  }
}

function finish(html) {
  const box = $("result");
  const { state, order } = draw(html);
  const card = ask.elements.card.value || field("card");
  result = { state, order, card, at: Date.now(), emptied: limits().dataset.phase === "no-card", vain: false };
  $("card").classList.remove("charging"); // Its own news may come a moment later.
  clear();
  show("result");
  box.focus();
  play({ succeeded: "done", unknown: "doubt" }[state] ?? "problem");
}

/** The amount starts anew, so that nothing is charged by habit; when nothing was charged it stays, to try again. */
function clear() {
  if (result.state !== "failed") input.value = "";
  redraw();
}

function next() {
  clear();
  result = null;
  $("result").replaceChildren();
  putBack();
  show("entry");
}

/* ---- Keys ---- */

function digit(key) {
  const now = Date.now();
  typed = { text: now - typed.at < TOGETHER_MS ? typed.text + key : key, at: now };
  const preset = all("#offers button")[Number(key) - 1];
  if (typed.text.length === 1 && preset) {
    if (preset.getAttribute("aria-disabled") !== "true") choose(Number(preset.dataset.fen));
  } else {
    input.value = typed.text;
    redraw();
  }
}

function key(event) {
  wake();
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const settled = !result || Date.now() - result.at > SETTLE_MS;
  const dead = mode() === "charging" || (event.key === "Enter" && event.repeat) || !settled;
  if (dead && event.key !== "Tab") return event.preventDefault();
  const inAmount = document.activeElement === input;
  const elsewhere = document.activeElement.closest?.("a, button, summary, input[type=checkbox]");
  const handled = () => {
    if (event.key === "?" || event.key === "\uff1f") return $("keys").showModal() ?? true;
    // Once it is let go: what a key types must not arrive in a field of the next page.
    if (event.key === "r" || event.key === "R") {
      if (mode() === "entry") document.addEventListener("keyup", () => location.assign("/station/run"), { once: true });
      return mode() === "entry";
    }
    if (event.key === "F2") {
      if (mode() === "result") next();
      if (mode() === "entry" && limits().dataset.last) choose(limit("last"));
      return true;
    }
    if (mode() === "result") return (event.key === "Escape" || (event.key === "Enter" && !elsewhere)) && (next(), true);
    if (mode() === "ask") return event.key === "Escape" && (show("entry"), true);
    if (event.key === "Escape") {
      typed.text = "";
      input.value = "";
      $("problem").replaceChildren();
      redraw();
      return true;
    }
    if (/^\d$/.test(event.key) && !inAmount) return digit(event.key), true;
    return event.key === "Enter" && !elsewhere && !inAmount && (arm(), true);
  };
  if (handled()) event.preventDefault();
}

/* ---- Beginning ---- */

document.addEventListener("keydown", key);
document.addEventListener("pointerdown", wake);
input.addEventListener("input", redraw);
$("charge").addEventListener("submit", (event) => { event.preventDefault(); if (mode() === "entry") arm(); });
$("presets").addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter.getAttribute("aria-disabled") === "true") return;
  choose(Number(event.submitter.dataset.fen));
  $("go").focus();
});
ask.addEventListener("submit", (event) => { event.preventDefault(); if (mode() === "ask") confirm(); });
ask.querySelector("[data-cancel]").addEventListener("click", (event) => { event.preventDefault(); show("entry"); });
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-next]")) { event.preventDefault(); if (Date.now() - result.at > SETTLE_MS) next(); }
  if (event.target.closest("[data-keys]")) $("keys").showModal();
  if (event.target.closest("[data-repeat]") && limits().dataset.last) { choose(limit("last")); $("go").focus(); }
});
for (const part of all("[data-scripted]")) part.hidden = false;
$("sound").checked = doneSound();
$("sound").addEventListener("change", () => { doneSound($("sound").checked); if ($("sound").checked) play("done"); });

redraw();
if (mode() === "charging") follow(field("intent"));
else if (mode() === "entry") $("go").focus({ preventScroll: true });
listen(`/station/live?terminal=${TERMINAL}`, {
  live: news,
  run: (_, close) => { close(); location.assign("/station/run"); }, // A hands-free run began in another window.
});
