import { html, nothing } from "lit-html";

import { BookingWidget } from "../visio/booking.js";
import { t, when } from "../visio/words.js";
import { VisioElement, define } from "./element.js";
import { alert, button, told } from "./parts.js";

/** @import { Visio } from "../visio/client.js" */

/**
 * `<visio-booking-widget>`: Cal.com's booking page, bound to this client.
 *
 * Tells `visio-booked` when that page says so, and `visio-unavailable` where Cal.com does not
 * answer: then the form is the way.
 */
export class BookingWidgetElement extends VisioElement {
  /** @type {BookingWidget | undefined} */
  #widget;
  #told = "closed";

  /** @override @param {Visio} visio */
  start(visio) {
    const widget = (this.#widget = this.watch(new BookingWidget(visio)));
    const hear = (/** @type {MessageEvent} */ event) => {
      widget.hear(event, this.querySelector("iframe")?.contentWindow ?? null);
    };
    addEventListener("message", hear);
    this.onLeave(() => removeEventListener("message", hear));
    this.onLeave(widget.subscribe(() => this.#follow()));
  }

  /** @override */
  stop() {
    this.#widget?.close();
  }

  /** @override */
  view() {
    if (!this.#widget) return nothing;
    const { phase, url, startsAt, silent } = this.#widget.state;
    const widget = this.#widget;
    return html`<div class="card booking">
      <p>${t("booking.text")}</p>
      ${alert(this.problem)}
      ${told(this.#said(silent ? "silent" : phase, startsAt))}
      ${phase === "open" && url
        ? html`<iframe
              title=${t("booking.frame")}
              src=${url}
              allow="payment"
              referrerpolicy="strict-origin"
              sandbox="allow-forms allow-popups allow-same-origin allow-scripts"
            ></iframe>
            <div class="row">
              ${button(this, "close", t("booking.close"), async () => widget.close(), { kind: "plain" })}
            </div>`
        : button(this, "open", t("booking.open"), () => widget.open())}
    </div>`;
  }

  /** @param {string} phase @param {string | null} startsAt */
  #said(phase, startsAt) {
    switch (phase) {
      case "opening":
        return t("loading");
      case "booked":
        return startsAt ? t("booking.booked_at", { when: when(startsAt) }) : t("booking.booked");
      case "silent":
      case "unavailable":
        return html`${t(`booking.${phase}`)} <a href="#propose">${t("booking.form")}</a>`;
      default:
        return nothing;
    }
  }

  #follow() {
    const phase = this.#widget?.state.phase ?? "closed";
    if (phase === this.#told) return;
    this.#told = phase;
    if (phase === "booked") this.tell("visio-booked", { startsAt: this.#widget?.state.startsAt });
    if (phase === "unavailable") this.tell("visio-unavailable", {});
  }
}

define("visio-booking-widget", BookingWidgetElement);
