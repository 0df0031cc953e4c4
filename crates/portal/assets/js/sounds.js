// Three sounds that differ without looking: done, problem, doubt; and a soft one for what was done before. Made here;
// no files.

const SCORES = {
  // Rising, bright: take the card.
  done: { wave: "sine", notes: [[784, 0, 0.12], [1175, 0.11, 0.28]] },
  // Low, twice the same: nothing was charged.
  problem: { wave: "square", notes: [[196, 0, 0.16], [196, 0.24, 0.22]] },
  // Up and down, long: look at the page.
  doubt: { wave: "triangle", notes: [[523, 0, 0.2], [392, 0.22, 0.2], [523, 0.44, 0.2], [392, 0.66, 0.34]] },
  // One soft tone: nothing to do.
  noted: { wave: "sine", notes: [[523, 0, 0.1]] },
};
const LOUDNESS = { sine: 0.28, square: 0.09, triangle: 0.3 };
const KEY = "done-sound";

let context;

/** Whether the done sound is on; those for problem and doubt cannot be turned off. */
export function doneSound(on) {
  if (on !== undefined) localStorage.setItem(KEY, on ? "on" : "off");
  return localStorage.getItem(KEY) !== "off";
}

/** Browsers let sounds begin only after a key or a click: this is called on the first one. */
export function wake() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
}

/** Whether sounds can be heard; asked for on a page where nobody may have touched a key yet. */
export function awake() {
  wake();
  return context.state === "running";
}

export function play(name) {
  if (!context || (["done", "noted"].includes(name) && !doneSound())) return;
  const { wave, notes } = SCORES[name];
  const now = context.currentTime + 0.02;
  for (const [pitch, from, length] of notes) {
    const tone = new OscillatorNode(context, { type: wave, frequency: pitch });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0, now + from);
    volume.gain.linearRampToValueAtTime(LOUDNESS[wave], now + from + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.0001, now + from + length);
    tone.connect(volume).connect(context.destination);
    tone.start(now + from);
    tone.stop(now + from + length);
  }
}
