import { Store } from "./store.js";

/**
 * @typedef {"arrival" | "test"} Sound
 * @typedef {object} Sounding
 * @property {"unknown" | "ready" | "blocked" | "unsupported"} status `blocked` until somebody
 *   presses something: browsers keep pages quiet that nobody has touched
 */

/** Notes as a frequency in Hz, when they begin and how long they last in seconds. */
/** @type {Record<Sound, [number, number, number][]>} */
const NOTES = {
  arrival: [
    [659, 0, 0.35],
    [880, 0.18, 0.6],
  ],
  test: [
    [523, 0, 0.3],
    [659, 0.22, 0.3],
    [784, 0.44, 0.6],
  ],
};

/**
 * Short sounds, made here rather than loaded.
 *
 * @extends {Store<Sounding>}
 */
export class Chime extends Store {
  /** @type {AudioContext | null} */
  #context = null;

  constructor() {
    super({ status: "unknown" });
  }

  /** Find out whether a sound would be heard, and be ready as soon as the page is touched. */
  look() {
    const context = this.#made();
    if (!context || context.state === "running") return;
    const touched = () => void this.unlock();
    addEventListener("pointerdown", touched, { once: true });
    addEventListener("keydown", touched, { once: true });
  }

  /** Be allowed to sound; must follow a press. */
  async unlock() {
    const context = this.#made();
    if (!context) return;
    // A browser that says no does not say so: it leaves the promise open.
    await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 300))]);
    this.#judge();
  }

  /**
   * Play a sound, where it is allowed.
   * @param {Sound} sound
   * @param {string} [speaker] the id of a device, where the browser lets one choose
   * @returns {Promise<boolean>} whether it sounded
   */
  async play(sound, speaker = "") {
    await this.unlock();
    const context = this.#context;
    if (!context || context.state !== "running") return false;
    await sinkTo(context, speaker);
    for (const [frequency, begins, lasts] of NOTES[sound]) {
      ring(context, frequency, context.currentTime + begins, lasts);
    }
    return true;
  }

  #made() {
    if (!("AudioContext" in window)) {
      this.become({ status: "unsupported" });
      return null;
    }
    if (!this.#context) {
      this.#context = new AudioContext();
      this.#context.onstatechange = () => this.#judge();
      this.#judge();
    }
    return this.#context;
  }

  #judge() {
    this.become({ status: this.#context?.state === "running" ? "ready" : "blocked" });
  }

  /** Give the sound card back. */
  async close() {
    const context = this.#context;
    this.#context = null;
    if (!context) return;
    context.onstatechange = null;
    await context.close();
  }
}

/**
 * @param {AudioContext} context
 * @param {string} speaker
 */
async function sinkTo(context, speaker) {
  const chosen = /** @type {any} */ (context);
  if (!chosen.setSinkId || chosen.sinkId === speaker) return;
  // Unplugged since: the sound comes from wherever sounds come from.
  await chosen.setSinkId(speaker).catch(() => chosen.setSinkId(""));
}

/**
 * One soft note.
 * @param {AudioContext} context
 * @param {number} frequency
 * @param {number} at
 * @param {number} lasts
 */
function ring(context, frequency, at, lasts) {
  const [tone, volume] = [context.createOscillator(), context.createGain()];
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + lasts);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + lasts);
}
