import { Store } from "./store.js";

/**
 * @import { Visio } from "./client.js"
 *
 * @typedef {object} Booking
 * @property {"closed" | "opening" | "open" | "booked" | "unavailable"} phase
 * @property {string | null} url of the frame, bound to this client; null while there is none
 * @property {boolean} silent whether that frame has not said for a while that it is there
 * @property {string | null} startsAt when what was just booked begins, where Cal.com said so
 */

const BOOKED = new Set(["bookingSuccessfulV2", "bookingSuccessful", "rescheduleBookingSuccessfulV2"]);
const PATIENCE = 15_000;

/**
 * Cal.com's own booking page in a frame.
 *
 * What the frame tells is a hint for this page alone: the signed webhook makes the meeting. It is
 * believed where it comes from that very frame, at that very origin.
 *
 * @extends {Store<Booking>}
 */
export class BookingWidget extends Store {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #waiting;

  /** @param {Visio} visio */
  constructor(visio) {
    super({ phase: "closed", url: null, silent: false, startsAt: null });
    this.visio = visio;
  }

  /** Ask for a link of one's own and show its page. Rejects with a VisioError. */
  async open() {
    this.become({ phase: "opening", silent: false, startsAt: null });
    try {
      const link = await this.visio.post("booking-link", {});
      if (!link.available) {
        this.#fail();
        return;
      }
      this.become({ phase: "open", url: embedded(link.url) });
      // It may be there all the same: a frame that did not load looks no different from here.
      clearTimeout(this.#waiting);
      this.#waiting = setTimeout(() => this.become({ silent: true }), PATIENCE);
    } catch (error) {
      this.become({ phase: "closed", url: null });
      throw error;
    }
  }

  close() {
    clearTimeout(this.#waiting);
    this.become({ phase: "closed", url: null });
  }

  /**
   * Hear what some window says.
   * @param {MessageEvent} event
   * @param {Window | null} frame the one that shows the booking page
   */
  hear(event, frame) {
    const { url } = this.state;
    if (!url || !frame || event.source !== frame || event.origin !== new URL(url).origin) return;
    const { originator, type, data } = Object(event.data);
    if (originator !== "CAL") return;
    clearTimeout(this.#waiting);
    this.become({ silent: false });
    if (type === "linkFailed") this.#fail();
    else if (BOOKED.has(type)) {
      const at = new Date(Object(data).startTime);
      const startsAt = Number.isNaN(at.getTime()) ? null : at.toISOString();
      this.become({ phase: "booked", url: null, startsAt });
    }
  }

  #fail() {
    clearTimeout(this.#waiting);
    this.become({ phase: "unavailable", url: null });
  }
}

/**
 * The same page as Cal.com serves it to frames.
 * @param {string} link
 */
function embedded(link) {
  const url = new URL(link);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/embed`;
  url.searchParams.set("embed", "visio");
  url.searchParams.set("embedType", "inline");
  return url.href;
}
