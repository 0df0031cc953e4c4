// The clock of the session: warns before it ends, lets the clerk stay with one key, or sign in again in place.
// The server decides; this only asks it. Other windows of the same session count too.

const idle = document.getElementById("session-idle");
const again = document.getElementById("session-again");
const count = idle.querySelector("[data-count]");
const IDLE_MS = idle.dataset.idleS * 1000;
const WARN_MS = idle.dataset.warnS * 1000;
const TELL_EVERY_MS = 60_000;

let endsAt = Date.now() + IDLE_MS;
let toldAt = Date.now();
let asking = false;

/** A request of a script: it gets a status, never the sign-in page. */
export function call(url, { limit = 15_000, ...options } = {}) {
  const headers = { "X-Scripted": "yes", ...options.headers };
  return fetch(url, { redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(limit), ...options, headers });
}

/** What a page that came as an answer says is wrong. */
export async function problemIn(response) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.getElementById("problem")?.childNodes ?? [];
}

/**
 * The session ended: sign in again in place. Resolves when that is done; the page is as it was. `refused`: a confirm
 * came too late and was not carried out, and the dialog says so.
 */
export function signInAgain({ refused = false } = {}) {
  idle.close();
  if (refused || !again.open) {
    for (const word of again.querySelectorAll("[data-refused]")) word.hidden = (word.dataset.refused === "yes") !== refused;
  }
  if (!again.open) again.showModal();
  return new Promise((resolve) => document.addEventListener("session-back", resolve, { once: true }));
}

async function ask(method) {
  if (asking) return;
  asking = true;
  try {
    const response = await call(idle.dataset.session, { method });
    if (response.status === 401) return signInAgain();
    if (response.ok) {
      endsAt = Date.now() + (await response.json()).left_s * 1000;
      if (method === "POST") toldAt = Date.now();
    }
  } catch {
    // No network: the next tick asks again.
  } finally {
    asking = false;
  }
}

async function tick() {
  if (again.open) return;
  const left = endsAt - Date.now();
  if (left <= WARN_MS && !idle.open) {
    await ask("GET");
    if (endsAt - Date.now() > WARN_MS || again.open) return;
    idle.showModal();
  }
  if (idle.open) {
    const s = Math.max(0, Math.ceil((endsAt - Date.now()) / 1000));
    count.textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
    if (s === 0) await ask("GET");
  }
}

async function stay() {
  await ask("POST");
  if (endsAt - Date.now() > WARN_MS) idle.close();
}

function active() {
  if (!idle.open && !again.open && Date.now() - toldAt > TELL_EVERY_MS) {
    toldAt = Date.now();
    ask("POST");
  }
}

async function signIn(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  const problem = form.querySelector("[data-problem]");
  button.disabled = true;
  try {
    const response = await call(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (response.status !== 204) {
      problem.replaceChildren(...(await problemIn(response)));
      problem.className = "summary";
      form.elements.password.select();
      return;
    }
    problem.replaceChildren();
    problem.className = "";
    form.elements.password.value = "";
    endsAt = Date.now() + IDLE_MS;
    toldAt = Date.now();
    again.close();
    document.dispatchEvent(new Event("session-back"));
  } catch {
    form.elements.password.focus();
  } finally {
    button.disabled = false;
  }
}

setInterval(tick, 1000);
document.addEventListener("visibilitychange", () => document.hidden || tick());
for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, active, { passive: true });
idle.querySelector("[data-stay]").addEventListener("click", stay);
idle.addEventListener("cancel", (event) => { event.preventDefault(); stay(); });
again.addEventListener("cancel", (event) => event.preventDefault());
again.querySelector("form").addEventListener("submit", signIn);
