/**
 * One tab at a time.
 *
 * Where the browser has no locks (a page that did not come by https), every tab may.
 */
export class Alone {
  #name;
  #lost;
  #wanted = false;
  /** @type {Promise<boolean> | null} */
  #taking = null;
  /** Gives it back; null for a tab that has not got it. @type {(() => void) | null} */
  #release = null;

  /**
   * @param {string} name of what only one tab may have
   * @param {() => void} lost another tab has taken it
   */
  constructor(name, lost) {
    this.#name = name;
    this.#lost = lost;
  }

  /**
   * Have it until it is released or taken.
   * @param {{ steal: boolean }} how `steal` takes it from whichever tab has it
   * @returns {Promise<boolean>} false where another tab has it
   */
  async take({ steal }) {
    this.#wanted = true;
    if (this.#release || !navigator.locks) return true;
    this.#taking ??= this.#take(steal ? { steal } : { ifAvailable: true });
    return this.#taking;
  }

  release() {
    this.#wanted = false;
    this.#release?.();
    this.#release = null;
  }

  /** @param {LockOptions} how @returns {Promise<boolean>} */
  #take(how) {
    return new Promise((taken) => {
      let free = () => {};
      const held = new Promise((/** @type {(done: void) => void} */ done) => (free = done));
      const given = async (/** @type {Lock | null} */ lock) => {
        this.#taking = null;
        taken(lock !== null);
        // Asked for by a page that has gone since.
        if (!lock || !this.#wanted) return;
        this.#release = free;
        await held;
      };
      navigator.locks.request(this.#name, how, given).catch(() => {
        // The browser's way to say that it was stolen; to a tab that has let go, it is nothing.
        if (this.#release !== free) return;
        this.#release = null;
        this.#lost();
      });
    });
  }
}
