import { html } from "lit-html";

import { t } from "../visio/words.js";
import { VisioElement, define } from "./element.js";
import { alert, button, told } from "./parts.js";

/** `<visio-calendar-link>`: the secret address of one's calendar: made, shown once, taken back. */
export class CalendarLink extends VisioElement {
  /** @type {string | null} */
  #url = null;

  /** @override */
  view() {
    const ask = async (/** @type {boolean} */ revoke) => {
      const body = revoke ? { revoke } : {};
      this.#url = (await this.visio?.post("calendar-link", body)).url;
    };
    const plain = /** @type {const} */ ({ kind: "plain" });
    return html`<p class="soft">${t("calendar.text")}</p>
      ${alert(this.problem)}
      ${told(this.#url && html`${t("calendar.address")} <code>${this.#url}</code>`)}
      <div class="row">
        ${button(this, "make", t("calendar.make"), () => ask(false), plain)}
        ${button(this, "revoke", t("calendar.revoke"), () => ask(true), plain)}
      </div>`;
  }
}

define("visio-calendar-link", CalendarLink);
