import { html } from "lit-html";

import { SlotDraft } from "../visio/requests.js";
import { t, zoneName } from "../visio/words.js";
import { VisioElement, define } from "./element.js";
import { alert, told } from "./parts.js";
import { slotFields } from "./slot-fields.js";

/**
 * @import { Visio } from "../visio/client.js"
 * @import { SlotProblem } from "../visio/slots.js"
 */

const LENGTHS = [15, 30, 45, 60, 90, 120];

/**
 * `<visio-request-form>`: a client proposes up to three times, and says what it is about.
 *
 * Tells `visio-requested` once the request has been made.
 */
export class RequestForm extends VisioElement {
  draft = new SlotDraft();
  sent = false;

  /** @override @param {Visio} visio */
  start(visio) {
    this.connection = visio;
    this.watch(this.draft);
  }

  /** @override */
  view() {
    const { message, minutes } = this.draft.state;
    return html`<form class="card" novalidate @submit=${this.#send}>
      ${this.#summary()}
      <p id="request-zone" class="soft">${t("form.zone", { zone: zoneName() })}</p>
      ${slotFields(this.draft, {
        id: "request",
        describedBy: "request-zone",
        label: (number) => t(number > 1 ? "form.other_slot" : "form.slot", { number }),
        change: () => (this.sent = false),
      })}
      <label for="request-minutes">${t("form.minutes")}</label>
      <select
        id="request-minutes"
        @change=${(/** @type {any} */ event) => this.draft.setMinutes(Number(event.target.value))}
      >
        ${LENGTHS.map(
          (length) => html`<option value=${length} .selected=${length === minutes}>
            ${t("form.length", { minutes: length })}
          </option>`,
        )}
      </select>
      <label for="request-message">${t("form.message")}</label>
      <textarea
        id="request-message"
        rows="3"
        maxlength="2000"
        .value=${message}
        @input=${(/** @type {any} */ event) => this.draft.setMessage(event.target.value)}
      ></textarea>
      ${alert(this.problem)}
      <button aria-busy=${this.busy("send") ? "true" : "false"}>${t("form.send")}</button>
      ${told(this.sent && t("form.sent"))}
    </form>`;
  }

  /** What has to be mended, with a way there: said once, after a try. */
  #summary() {
    const found = this.draft.state.problems.flatMap((problem, index) =>
      problem ? [{ problem, index }] : [],
    );
    if (!found.length) return html`<div class="summary" hidden></div>`;
    return html`<div class="summary problem" tabindex="-1" role="group" aria-label=${t("form.mend")}>
      <p>${t("form.mend")}</p>
      <ul>
        ${found.map(({ problem, index }) => this.#mend(problem, index))}
      </ul>
    </div>`;
  }

  /** @param {SlotProblem} problem @param {number} index */
  #mend(problem, index) {
    const go = (/** @type {Event} */ event) => {
      event.preventDefault();
      this.focusOn(`#request-slot-${index}`);
    };
    return html`<li>
      <a href="#request-slot-${index}" @click=${go}>
        ${t("form.slot", { number: index + 1 })}${t("colon")} ${t(`slot.${problem}`)}
      </a>
    </li>`;
  }

  #send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    this.sent = false;
    const { connection } = this;
    if (!connection) return;
    const tried = await this.act("send", async () => {
      this.sent = await this.draft.ask(connection);
    });
    if (this.sent) this.tell("visio-requested", {});
    else if (tried) queueMicrotask(() => this.focusOn(".summary"));
  };
}

define("visio-request-form", RequestForm);
