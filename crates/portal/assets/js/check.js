// The self-test: asks for its fragment again every two seconds, and measures the way there and back by that.

import { call, signInAgain } from "./session.js";

const EVERY_MS = 2_000;

/** Puts the fragment in its place; what was measured stays on it. Unchanged, it is left alone, and so is the focus. */
function place(html, ms) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const now = fresh.content.firstElementChild;
  const old = document.getElementById("checkup");
  if (now.innerHTML !== shown) {
    shown = now.innerHTML;
    old.replaceChildren(...now.childNodes);
  }
  const trip = document.getElementById("browser-trip");
  trip.querySelector("b").textContent = ms;
  trip.hidden = false;
}

let shown = document.getElementById("checkup").innerHTML;

async function look() {
  if (!document.hidden) {
    try {
      const asked = performance.now();
      const response = await call("/terminal/check/now");
      const ms = (performance.now() - asked).toFixed(1);
      if (response.status === 401) await signInAgain();
      else if (response.ok) place(await response.text(), ms);
    } catch {
      // No network: the next look tells.
    }
  }
  setTimeout(look, EVERY_MS);
}

look();
