import { define } from "./element.js";

/** @import { Track } from "livekit-client" */

/** `<visio-track>`: shows or plays the `track` of a call, for as long as it is in the page. */
export class TrackElement extends HTMLElement {
  /** @type {Track | null} */
  #track = null;
  /** @type {HTMLMediaElement | null} */
  #media = null;

  get track() {
    return this.#track;
  }

  set track(track) {
    if (track === this.#track) return;
    this.#let();
    this.#track = track;
    this.#show();
  }

  connectedCallback() {
    this.#show();
  }

  disconnectedCallback() {
    this.#let();
  }

  #show() {
    if (!this.#track || !this.isConnected || this.#media) return;
    this.#media = this.#track.attach();
    // Whose picture it is stands beside it.
    this.#media.setAttribute("aria-hidden", "true");
    this.append(this.#media);
  }

  #let() {
    if (this.#media) this.#track?.detach(this.#media);
    this.#media?.remove();
    this.#media = null;
  }
}

define("visio-track", TrackElement);
