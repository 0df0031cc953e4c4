// A deposit's page: asks for its fragment again for as long as something may happen.

import { place } from "./fragments.js";
import { call, signInAgain } from "./session.js";

const shown = () => document.getElementById("deposit");
let last;

async function look() {
  if (!document.hidden) {
    try {
      const response = await call(`${location.pathname}/now`);
      if (response.status === 401) await signInAgain();
      else if (response.ok) {
        const html = await response.text();
        // What somebody has opened to read stays open.
        if (html !== last && !shown().querySelector("details[open]")) {
          place(html);
          last = html;
        }
      }
    } catch {
      // No network: the next look tells.
    }
  }
  again();
}

function again() {
  const seconds = Number(shown().dataset.follow);
  if (seconds > 0) setTimeout(look, seconds * 1_000);
}

again();
