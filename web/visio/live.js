import { Store } from "./store.js";
import { VisioError } from "./client.js";

/** @import { Visio } from "./client.js" */

const SLOW = 60_000;
const RETRY = 3_000;

/**
 * @template {object} S
 * @typedef {S & { loading: boolean, problem: VisioError | null }} Loaded
 * `loading` until it was read for the first time; `problem` while it cannot be read
 */

/**
 * A state that is read from functions for as long as somebody listens.
 *
 * It is read when the first one listens, when a bell rings on one of its topics, after whatever
 * somebody does on this page, when the page comes back to the front or on line, and at intervals:
 * short ones where no socket tells of changes. One read runs at a time; whatever rings meanwhile
 * leads to one more.
 *
 * @template {object} S
 * @extends {Store<Loaded<S>>}
 */
export class Live extends Store {
  /** @type {Map<string, () => void>} */
  #topics = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Promise<void> | null} */
  #reading = null;
  #notes = () => {};
  #again = false;
  #awake = false;
  // Until when the server has told us not to ask.
  #notBefore = 0;

  /**
   * @param {Visio} visio
   * @param {S} first
   */
  constructor(visio, first) {
    super({ ...first, loading: true, problem: null });
    this.visio = visio;
  }

  /**
   * What the functions say now. To be written by each kind.
   * @returns {Promise<Partial<S>>}
   */
  async read() {
    throw new Error("each kind reads by itself");
  }

  /** Which topics tell of changes; asked again after each read. @returns {string[]} */
  topics() {
    return [];
  }

  /** How long until it is read again where no socket tells of changes, in ms. */
  get pollAfter() {
    return 20_000;
  }

  /** The same where one does: for what changes by the clock alone, and a bell that was missed. */
  get pollAnyway() {
    return SLOW;
  }

  /** Whether somebody listens. @protected */
  get listened() {
    return this.#awake;
  }

  /** Whether somebody is called by what changes here, though they look elsewhere. */
  get rings() {
    return false;
  }

  /**
   * Read anew: resolves when what was true at this call has been read; or at once where we come too
   * often, and it is read when the wait is over.
   */
  async refresh() {
    if (Date.now() < this.#notBefore) return;
    if (this.#reading) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#read();
    return this.#reading;
  }

  /** @override */
  wake() {
    this.#awake = true;
    this.#notBefore = 0;
    for (const name of ["visibilitychange", "online", "pageshow"]) {
      (name === "visibilitychange" ? document : window).addEventListener(name, this.#back);
    }
    this.#notes = this.visio.onDeed(() => void this.refresh());
    this.#listen();
    void this.refresh();
  }

  /** @override */
  rest() {
    this.#awake = false;
    for (const name of ["visibilitychange", "online", "pageshow"]) {
      (name === "visibilitychange" ? document : window).removeEventListener(name, this.#back);
    }
    this.#notes();
    clearTimeout(this.#timer);
    for (const stop of this.#topics.values()) stop();
    this.#topics.clear();
  }

  #back = () => {
    if (document.visibilityState === "visible") void this.refresh();
  };

  async #read() {
    do {
      this.#again = false;
      clearTimeout(this.#timer);
      try {
        const found = await this.read();
        this.become(/** @type {Partial<Loaded<S>>} */ ({ ...found, loading: false, problem: null }));
      } catch (error) {
        if (!(error instanceof VisioError)) {
          this.#reading = null;
          throw error;
        }
        if (error.status === 429) this.#notBefore = Date.now() + (error.retryAfter ?? 0) * 1_000;
        this.become(/** @type {Partial<Loaded<S>>} */ ({ problem: error, loading: false }));
      }
    } while (this.#again && Date.now() >= this.#notBefore);
    this.#reading = null;
    if (!this.#awake) return;
    this.#listen();
    this.#schedule();
  }

  #schedule() {
    const heard = [...this.#topics.keys()];
    const told = heard.length > 0 && heard.every((topic) => this.visio.channels.hears(topic));
    const { problem } = this.state;
    const again = Math.max(RETRY, (problem?.retryAfter ?? 0) * 1_000);
    const wait = problem ? again : told ? this.pollAnyway : this.pollAfter;
    this.#timer = setTimeout(() => {
      this.#notBefore = 0; // a timer may be a moment early by the other clock
      // A page that nobody sees is read when it comes back; what is to ring there, all the same.
      if (document.visibilityState === "visible" || (this.rings && !told)) void this.refresh();
      else this.#schedule();
    }, wait);
  }

  #listen() {
    const wanted = new Set(this.topics());
    for (const [topic, stop] of this.#topics) {
      if (wanted.has(topic)) continue;
      stop();
      this.#topics.delete(topic);
    }
    for (const topic of wanted) {
      if (this.#topics.has(topic)) continue;
      this.#topics.set(topic, this.visio.channels.listen(topic, () => void this.refresh()));
    }
  }
}
