// A live page: fragments that the server draws, put in their places as they change.

import { call, signInAgain } from "./session.js";

const lost = () => document.getElementById("lost");

/** Puts fragments in their places; the elements stay, so focus, scrolling and what is read aloud do too. */
export function place(html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  for (const now of [...fresh.content.children]) {
    const old = document.getElementById(now.id);
    if (!old) continue;
    const again = named(old.contains(document.activeElement) ? document.activeElement : null);
    const scrolled = old.querySelector(".scroll")?.scrollTop;
    for (const { name } of [...old.attributes]) if (!now.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of now.attributes) old.setAttribute(name, value);
    old.replaceChildren(...now.childNodes);
    if (scrolled) old.querySelector(".scroll")?.scrollTo(0, scrolled);
    if (again) old.querySelector(again)?.focus({ preventScroll: true });
  }
}

/** How the element that has the focus is found again. */
function named(focused) {
  if (!focused) return null;
  if (focused.id) return `#${CSS.escape(focused.id)}`;
  if (focused.value) return `[value="${CSS.escape(focused.value)}"]`;
  return `[href="${CSS.escape(focused.getAttribute("href") ?? "")}"]`;
}

/**
 * Hears the server's events, each by its name, for as long as the page is open; `on.x` gets the data of event x, and what
 * closes the stream. When the session ends it asks to sign in again, and listens on.
 */
export function listen(url, on) {
  const live = new EventSource(url);
  const close = () => live.close();
  let late;
  live.onopen = () => { clearTimeout(late); lost().hidden = true; };
  for (const [name, heard] of Object.entries(on)) live.addEventListener(name, (event) => heard(event.data, close));
  live.addEventListener("ended", () => { close(); signInAgain().then(() => listen(url, on)); });
  live.onerror = async () => {
    clearTimeout(late);
    late = setTimeout(() => { lost().hidden = false; }, 1_500);
    if (live.readyState !== EventSource.CLOSED) return; // The browser tries again by itself.
    const session = await call("/session").catch(() => null);
    if (session?.status === 401) signInAgain().then(() => listen(url, on));
    else setTimeout(() => listen(url, on), 2_000);
  };
}
