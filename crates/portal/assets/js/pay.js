// On the way to the gateway: the form sends itself, once in this tab; whoever comes back by the back button decides
// themselves. Where a code is to be scanned, the page goes on to the deposit's own once that has moved on.

import { call, signInAgain } from "./session.js";

const form = document.getElementById("pay");
const key = `sent ${form?.dataset.order}`;
if (form && !sessionStorage.getItem(key)) {
  sessionStorage.setItem(key, "yes");
  form.requestSubmit();
}

const scan = document.getElementById("scan");

async function look() {
  if (!document.hidden) {
    try {
      const response = await call(`${scan.dataset.deposit}/now`);
      if (response.status === 401) await signInAgain();
      else if (response.ok) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        if (page.getElementById("deposit").dataset.state !== scan.dataset.state) {
          location.replace(scan.dataset.deposit);
          return;
        }
      }
    } catch {
      // No network: the next look tells.
    }
  }
  setTimeout(look, 2_000);
}

if (scan) setTimeout(look, 2_000);
