/**
 * A state that changes, and whoever wants to hear of it.
 *
 * `state` is replaced and never altered, so that comparing two of them tells whether anything
 * changed: React's `useSyncExternalStore` takes `subscribe` and `state` as they are.
 *
 * @template {object} S
 */
export class Store {
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {Readonly<S>} */
  #state;

  /** @param {S} first */
  constructor(first) {
    this.#state = Object.freeze(first);
  }

  get state() {
    return this.#state;
  }

  /**
   * Call `listener` after every change, until the returned function is called.
   * @param {() => void} listener
   * @returns {() => void}
   */
  subscribe(listener) {
    // Each call its own place, though the same function may be given twice.
    const heard = () => listener();
    this.#listeners.add(heard);
    if (this.#listeners.size === 1) this.wake();
    return () => {
      if (this.#listeners.delete(heard) && this.#listeners.size === 0) this.rest();
    };
  }

  /**
   * Take over some changes and tell everybody. For the store itself.
   * @param {Partial<S>} changes
   */
  become(changes) {
    const names = /** @type {(keyof S)[]} */ (Object.keys(changes));
    if (names.every((name) => Object.is(changes[name], this.#state[name]))) return;
    this.#state = Object.freeze({ ...this.#state, ...changes });
    for (const listener of [...this.#listeners]) listener();
  }

  /** Somebody listens from now on. */
  wake() {}

  /** Nobody listens any more. */
  rest() {}
}
