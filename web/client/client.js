// A client's page: book or propose, answer, wait in the lobby.

import { html } from "lit-html";

import "../elements/agenda.js";
import "../elements/booking-widget.js";
import "../elements/calendar-link.js";
import { define } from "../elements/element.js";
import "../elements/lobby.js";
import "../elements/notifications.js";
import { VisioPage } from "../elements/page.js";
import "../elements/request-form.js";
import "../elements/request-list.js";
import { t } from "../visio/words.js";

const MOVES = ["pointerdown", "keydown", "wheel", "touchmove"];
const PATIENCE = 5_000;

class ClientPage extends VisioPage {
  /** @override */
  side = /** @type {const} */ ("client");
  /** @override */
  name = /** @type {const} */ ("title.client");

  /** @override */
  start(/** @type {any} */ visio) {
    super.start(visio);
    const follow = () => {
      this.update();
      queueMicrotask(() => this.#arrive());
    };
    addEventListener("hashchange", follow);
    this.onLeave(() => removeEventListener("hashchange", follow));
    this.addEventListener("visio-admitted", (event) => {
      const { meetingId } = /** @type {CustomEvent} */ (event).detail;
      location.assign(`/room/?meeting=${encodeURIComponent(meetingId)}`);
    });
  }

  get #meeting() {
    return /^#lobby-([0-9a-f-]{36})$/.exec(location.hash)?.[1];
  }

  /**
   * Go where the address says: the browser looked before it was drawn, and what had the focus may
   * be gone.
   */
  #arrive() {
    const name = location.hash.slice(1);
    const section = [...this.querySelectorAll("main > section")].find(({ id }) => id === name);
    if (section) {
      bring(section);
      section.querySelector("h2")?.focus({ preventScroll: true });
    } else if (this.#meeting || !name) this.focusOn("h1");
  }

  /** @override */
  content() {
    const meeting = this.#meeting;
    if (meeting) return html`<visio-lobby meeting=${meeting}></visio-lobby>`;
    return html`<visio-notifications></visio-notifications>
      <section id="meetings" aria-labelledby="meetings-title">
        <h2 id="meetings-title" tabindex="-1">${t("client.meetings")}</h2>
        <visio-agenda></visio-agenda>
      </section>
      <section id="book" aria-labelledby="book-title">
        <h2 id="book-title" tabindex="-1">${t("client.book")}</h2>
        <visio-booking-widget></visio-booking-widget>
      </section>
      <section id="propose" aria-labelledby="propose-title">
        <h2 id="propose-title" tabindex="-1">${t("client.propose")}</h2>
        <visio-request-form></visio-request-form>
      </section>
      <section id="requests" aria-labelledby="requests-title">
        <h2 id="requests-title" tabindex="-1">${t("client.requests")}</h2>
        <visio-request-list></visio-request-list>
      </section>
      <section id="calendar" aria-labelledby="calendar-title">
        <h2 id="calendar-title" tabindex="-1">${t("calendar.title")}</h2>
        <visio-calendar-link></visio-calendar-link>
      </section>`;
  }
}

/**
 * Bring something into view, and back whenever what is above it has been read and takes its place;
 * not once the person moves by themselves.
 * @param {Element} section
 */
function bring(section) {
  section.scrollIntoView();
  const moved = new AbortController();
  const grown = new ResizeObserver(() => section.scrollIntoView());
  const stop = () => {
    grown.disconnect();
    moved.abort();
  };
  for (const name of MOVES) addEventListener(name, stop, { signal: moved.signal });
  setTimeout(stop, PATIENCE);
  grown.observe(/** @type {Element} */ (section.parentElement));
}

define("visio-client-page", ClientPage);
