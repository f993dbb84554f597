import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

import { RequestList, SlotDraft } from "../visio/requests.js";
import { briefly, t, zoneName } from "../visio/words.js";
import { ask } from "./ask.js";
import { VisioElement, define, inWords } from "./element.js";
import { history } from "./history.js";
import { alert, button, empty, loading, time } from "./parts.js";
import { slotFields } from "./slot-fields.js";

/**
 * @import { Visio } from "../visio/client.js"
 * @import { ListedRequest, Slot } from "../visio/types.js"
 */

/**
 * `<visio-request-list>`: somebody's requests, and what they can answer.
 *
 * `statuses`, separated by spaces, narrows it down: an operator's inbox is `pending countered`.
 */
export class RequestListElement extends VisioElement {
  /** What an operator is about to offer instead, by request. @type {Map<string, SlotDraft>} */
  #drafts = new Map();
  /** @type {RequestList | undefined} */
  #list;

  /** @override @param {Visio} visio */
  start(visio) {
    const statuses = /** @type {any} */ (this.getAttribute("statuses")?.split(" ") ?? []);
    this.#list = this.watch(new RequestList(visio, { statuses }));
    this.watch(visio);
  }

  /** @override */
  view() {
    if (!this.#list) return nothing;
    const { items, loading: reading, problem, more } = this.#list.state;
    return html`${alert(this.problem ?? (problem && problem.status ? inWords(problem) : null))}
      ${reading ? loading() : nothing}
      ${!reading && !items.length && !problem ? empty(t("requests.none")) : nothing}
      ${repeat(
        items,
        (request) => request.id,
        (request) => this.#request(request),
      )}
      ${more ? button(this, "more", t("more"), () => this.#all.showMore(), { kind: "plain" }) : nothing}`;
  }

  get #all() {
    return /** @type {RequestList} */ (this.#list);
  }

  get #operates() {
    return this.visio?.state.me?.role === "operator";
  }

  /** @param {ListedRequest} request */
  #request(request) {
    const heading = `request-${request.id}-title`;
    const calls = request.status === (this.#operates ? "pending" : "countered");
    return html`<article
      id="request-${request.id}"
      class="card ${calls ? "calls" : ""}"
      aria-labelledby=${heading}
    >
      <h3 id=${heading}>${this.#title(request)}</h3>
      <p class="facts">
        <span class="state ${request.status}">${t(`request.${request.status}`)}</span>
        <span class="soft">${t(`source.${request.source}`)}</span>
        <span class="soft">${t("form.length", { minutes: request.durationMinutes })}</span>
      </p>
      ${request.message ? html`<p class="quote"><q>${request.message}</q></p>` : nothing}
      ${this.#operates ? this.#decide(request) : this.#answer(request)}
      ${this.#reason(request)}
      ${history(request.history)}
    </article>`;
  }

  /** @param {ListedRequest} request */
  #title(request) {
    if (this.#operates) return t("request.from", { name: request.clientName });
    return t("request.of", { when: briefly(request.createdAt) });
  }

  /** @param {ListedRequest} request */
  #reason({ reason, status }) {
    if (!reason) return nothing;
    const label = t(status === "rejected" ? "reason" : "request.said");
    return html`<p>${label}${t("colon")} <q>${reason}</q></p>`;
  }

  // What a client can do.

  /** @param {ListedRequest} request */
  #answer(request) {
    const { id, status, proposedSlots, requestedSlots, selectedSlot } = request;
    const offered = status === "countered" ? (proposedSlots ?? []) : [];
    const slots = selectedSlot ? [selectedSlot] : requestedSlots;
    return html`${offered.length
        ? html`<fieldset>
            <legend>${t("request.choose")}</legend>
            <div class="choices">
              ${offered.map((slot) =>
                button(this, `take ${id}`, time(slot), () => this.#all.take(id, slot), {
                  disabled: new Date(slot) <= new Date(),
                }),
              )}
            </div>
          </fieldset>`
        : html`<ul class="plain-list">
            ${slots.map((slot) => html`<li>${time(slot)}</li>`)}
          </ul>`}
      ${status === "pending" || status === "countered"
        ? html`<div class="row">
            ${offered.length ? this.#turnDown(request, "decline") : nothing}
            ${this.#turnDown(request, "withdraw")}
          </div>`
        : nothing}`;
  }

  /** @param {ListedRequest} request @param {"decline" | "withdraw"} how */
  #turnDown({ id }, how) {
    const action = async () => {
      const answer = await ask({
        title: t(`request.${how}`),
        label: t("request.word"),
        maxLength: 2000,
        confirm: t(`request.${how}`),
        danger: how === "withdraw",
      });
      if (answer) await this.#all.turnDown(id, how, answer.words);
    };
    return button(this, `${how} ${id}`, t(`request.${how}`), action, { kind: "plain" });
  }

  // What an operator can do.

  /** @param {ListedRequest} request */
  #decide(request) {
    const { id, status, selectedSlot } = request;
    if (status !== "pending" && status !== "countered") {
      return selectedSlot ? html`<p>${time(selectedSlot)}</p>` : nothing;
    }
    const slots = request.slots ?? [];
    const side = status === "pending" ? "client" : "operator";
    const shown = slots.filter((slot) => slot.proposedBy === side);
    if (status === "countered") {
      return html`<p>${t("request.offered")}</p>
        <ul class="plain-list">
          ${shown.map((slot) => html`<li>${time(slot.slot)} ${this.#mark(slot)}</li>`)}
        </ul>`;
    }
    return html`<fieldset>
        <legend>${t("request.accept_one")}</legend>
        <div class="choices">${shown.map((slot) => this.#slot(id, slot))}</div>
      </fieldset>
      <div class="row">${this.#reject(request)}</div>
      ${this.#other(request)}`;
  }

  /** @param {string} id @param {Slot} slot */
  #slot(id, slot) {
    const label = html`${time(slot.slot)} ${this.#mark(slot)}`;
    const accept = () => this.#all.accept(id, slot.slot);
    return button(this, `accept ${id}`, label, accept, { disabled: slot.state !== "free", kind: slot.state === "free" ? "" : "plain" });
  }

  /** In words and not by colour alone. @param {Slot} slot */
  #mark({ state }) {
    return html`<span class="mark ${state}">${t(`slot_state.${state}`)}</span>`;
  }

  /** @param {ListedRequest} request */
  #reject({ id, clientName }) {
    const action = async () => {
      const answer = await ask({
        title: t("request.reject_title", { name: clientName }),
        label: t("reason"),
        required: true,
        confirm: t("request.reject"),
        danger: true,
      });
      if (answer) await this.#all.reject(id, answer.words);
    };
    return button(this, `reject ${id}`, t("request.reject"), action, { kind: "plain" });
  }

  /** @param {ListedRequest} request */
  #other(request) {
    const draft = this.#drafts.get(request.id) ?? new SlotDraft();
    if (!this.#drafts.has(request.id)) {
      draft.setMinutes(request.durationMinutes);
      this.#drafts.set(request.id, draft);
      this.watch(draft);
    }
    const send = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      if (!draft.check()) return queueMicrotask(() => this.focusOn("[aria-invalid=true]"));
      await this.act(`propose ${request.id}`, async () => {
        await this.#all.propose(request.id, draft.instants, draft.state.message);
        this.#drafts.delete(request.id);
      });
    };
    return html`<details class="other">
      <summary>${t("request.propose")}</summary>
      <form novalidate @submit=${send}>
        <p id="offer-${request.id}-zone" class="soft">${t("form.zone", { zone: zoneName() })}</p>
        ${slotFields(draft, {
          id: `offer-${request.id}`,
          describedBy: `offer-${request.id}-zone`,
          label: (number) => t("request.other_slot", { number }),
        })}
        <label for="offer-${request.id}-word">${t("request.word")}</label>
        <textarea
          id="offer-${request.id}-word"
          rows="2"
          maxlength="2000"
          .value=${draft.state.message}
          @input=${(/** @type {any} */ event) => draft.setMessage(event.target.value)}
        ></textarea>
        <button aria-busy=${this.busy(`propose ${request.id}`) ? "true" : "false"}>
          ${t("request.send_offer")}
        </button>
      </form>
    </details>`;
  }
}

define("visio-request-list", RequestListElement);
