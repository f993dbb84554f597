import { nothing, render } from "lit-html";

import { VisioError } from "../visio/client.js";
import { language, t, tOr } from "../visio/words.js";

/**
 * @import { TemplateResult } from "lit-html"
 * @import { Visio } from "../visio/client.js"
 * @import { Store } from "../visio/store.js"
 */

/** @type {(visio: Visio) => void} */
let resolve = () => {};
/** @type {Promise<Visio>} */
const provided = new Promise((found) => (resolve = found));

/**
 * Give every element of this document its connection; one with a `visio` of its own keeps that.
 * @param {Visio} visio
 */
export function provide(visio) {
  resolve(visio);
}

/**
 * What all our elements do: wait for a connection, watch stores, and draw.
 *
 * They draw into the document itself, so that a page's style reaches them, labels name fields, and
 * the focus stays where it is. Texts are never read as HTML: lit-html writes them as text.
 */
export class VisioElement extends HTMLElement {
  /** @type {Visio | undefined} */
  visio;
  /** What the last action could not do, in words. @type {string | null} */
  problem = null;
  /** Whether it is for people whom nobody knows yet; the others wait until somebody is signed in. */
  forAnybody = false;
  /** @type {Set<string>} */
  #running = new Set();
  /** What ends with the person who is signed in. @type {(() => void)[]} */
  #undo = [];
  /** What ends with the place in the page. @type {(() => void)[]} */
  #leave = [];
  #started = false;
  #drawing = false;
  #connected = 0;

  connectedCallback() {
    const turn = ++this.#connected;
    this.#leave.push(language.subscribe(() => this.update()));
    void (this.visio ? Promise.resolve(this.visio) : provided).then((visio) => {
      if (turn !== this.#connected || !this.isConnected) return;
      this.visio = visio;
      this.#leave.push(visio.subscribe(() => this.#follow(visio)));
      this.#follow(visio);
    });
  }

  disconnectedCallback() {
    this.#connected++;
    for (const leave of this.#leave.splice(0)) leave();
    this.#end();
  }

  /** @param {Visio} visio */
  #follow(visio) {
    const wanted = this.forAnybody || visio.state.me !== null;
    if (wanted === this.#started) return;
    if (wanted) {
      this.#started = true;
      this.start(visio);
    } else this.#end();
    this.update();
  }

  #end() {
    if (!this.#started) return;
    this.#started = false;
    for (const undo of this.#undo.splice(0)) undo();
    this.stop();
  }

  /** There is somebody to show something to: make and watch it. @param {Visio} _visio */
  start(_visio) {}

  /** Gone from the page, or signed out: let go of what `watch` and `onLeave` do not. */
  stop() {}

  /** What there is to see. @returns {TemplateResult | typeof nothing} */
  view() {
    return nothing;
  }

  /**
   * Draw anew whenever this changes, for as long as the element is in the page.
   * @template {Store<any>} T
   * @param {T} store
   * @returns {T}
   */
  watch(store) {
    this.#undo.push(store.subscribe(() => this.update()));
    return store;
  }

  /** Do this when there is nobody to show it to any more. @param {() => void} undo */
  onLeave(undo) {
    this.#undo.push(undo);
  }

  /** Draw soon: once, however often it is asked for. */
  update() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      if (!this.isConnected || !this.visio) return;
      const held = this.contains(document.activeElement);
      render(this.#started ? this.view() : nothing, this);
      // What had the focus is gone: it goes to what stands for all of this, not to the page's top.
      if (held && !this.contains(document.activeElement)) this.focusOn("[data-home]");
    });
  }

  /** Move the focus within. @param {string} selector */
  focusOn(selector) {
    const found = this.querySelector(selector);
    if (found instanceof HTMLElement) found.focus();
  }

  /** Whether this action is under way. @param {string} name */
  busy(name) {
    return this.#running.has(name);
  }

  /**
   * Do something once at a time; what goes wrong is said in `problem`.
   * @param {string} name
   * @param {() => Promise<unknown>} action
   * @returns {Promise<boolean>} whether it was done
   */
  async act(name, action) {
    if (this.#running.has(name)) return false;
    this.#running.add(name);
    this.problem = null;
    this.update();
    try {
      await action();
      return true;
    } catch (error) {
      if (!(error instanceof VisioError)) throw error;
      this.problem = inWords(error);
      return false;
    } finally {
      this.#running.delete(name);
      this.update();
    }
  }

  /**
   * Tell the page around, which may act on it.
   * @param {string} type
   * @param {object} detail
   * @returns {boolean} false where somebody has taken it over
   */
  tell(type, detail) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, cancelable: true }));
  }
}

/**
 * A refusal in this person's language.
 * @param {VisioError} error
 */
export function inWords(error) {
  const unnamed = language.state.locale === "fr" ? error.message : t("problem.other", { code: error.code });
  return tOr(`problem.${error.code}`, unnamed, { seconds: error.retryAfter });
}

/**
 * Name an element, once: a page may load these modules twice under different addresses.
 * @param {string} name
 * @param {CustomElementConstructor} kind
 */
export function define(name, kind) {
  if (!customElements.get(name)) customElements.define(name, kind);
}
