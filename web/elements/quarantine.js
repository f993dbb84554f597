import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

import { Quarantine } from "../visio/quarantine.js";
import { t } from "../visio/words.js";
import { ask } from "./ask.js";
import { VisioElement, define, inWords } from "./element.js";
import { alert, button, loading, time, told } from "./parts.js";

/**
 * @import { Visio } from "../visio/client.js"
 * @import { ListedClient, Quarantined } from "../visio/types.js"
 */

/**
 * `<visio-quarantine>`: bookings of Cal.com's that wait for the operator's word.
 *
 * Empty where there are none: the attribute `empty` is there then, for the page to hide a heading.
 */
export class QuarantineElement extends VisioElement {
  /** @type {Quarantine | undefined} */
  #quarantine;
  /** Who was found for each of them. @type {Map<string, readonly ListedClient[]>} */
  #found = new Map();
  #told = "";

  /** @override @param {Visio} visio */
  start(visio) {
    this.#quarantine = this.watch(new Quarantine(visio));
  }

  /** @override */
  view() {
    if (!this.#quarantine) return nothing;
    const { items, loading: reading, problem } = this.#quarantine.state;
    this.toggleAttribute("empty", !items.length && !problem && !this.problem && !this.#told);
    return html`${alert(this.problem ?? (problem && problem.status ? inWords(problem) : null))}
      ${told(this.#told)}
      ${reading ? loading() : nothing}
      ${repeat(
        items,
        (waiting) => waiting.id,
        (waiting) => this.#booking(waiting),
      )}`;
  }

  get #all() {
    return /** @type {Quarantine} */ (this.#quarantine);
  }

  /** @param {Quarantined} waiting */
  #booking(waiting) {
    const { id, reason, bookerName, bookerEmail, bookings } = waiting;
    const heading = `quarantine-${id}`;
    const dismiss = async () => {
      const sure = await ask({
        title: t("quarantine.dismiss"),
        text: t("quarantine.dismiss_text"),
        confirm: t("quarantine.dismiss"),
        danger: true,
      });
      if (sure) await this.#settle(() => this.#all.settle(id, "dismiss"));
    };
    return html`<article class="card" aria-labelledby=${heading}>
      <h3 id=${heading}>${bookerName ?? t("quarantine.nobody")}</h3>
      <p class="facts">
        <span class="state ${reason}">${t(`quarantine.${reason}`)}</span>
        ${bookerEmail ? html`<span class="soft">${bookerEmail}</span>` : nothing}
      </p>
      <ul class="plain-list">
        ${bookings.map(
          (booking) => html`<li>
            ${booking.startsAt ? time(booking.startsAt) : t("quarantine.no_time")}
            ${booking.title ? html`<span class="soft">${booking.title}</span>` : nothing}
          </li>`,
        )}
      </ul>
      ${reason === "unbound"
        ? this.#assign(waiting)
        : html`<p class="soft">${t("quarantine.conflict_text")}</p>`}
      <div class="row">
        ${reason === "conflict"
          ? button(this, `apply ${id}`, t("quarantine.apply"), () =>
              this.#settle(() => this.#all.settle(id, "apply")),
            )
          : nothing}
        ${button(this, `dismiss ${id}`, t("quarantine.dismiss"), dismiss, { kind: "plain" })}
      </div>
    </article>`;
  }

  /** Whose it is: searched for by name or e-mail. @param {Quarantined} waiting */
  #assign({ id, bookerEmail, bookerName }) {
    const found = this.#found.get(id);
    const search = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
      await this.act(`search ${id}`, async () => {
        this.#found.set(id, await this.#all.clients(String(given.get("search") ?? "").trim()));
      });
    };
    const assign = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
      const clientId = String(given.get("client"));
      await this.act(`assign ${id}`, () => this.#settle(() => this.#all.assign(id, clientId)));
    };
    return html`<form class="find" @submit=${search}>
        <label for="search-${id}">${t("quarantine.search")}</label>
        <div class="row">
          <input
            id="search-${id}"
            name="search"
            type="search"
            maxlength="100"
            .defaultValue=${bookerEmail ?? bookerName ?? ""}
          />
          <button class="plain">${t("quarantine.find")}</button>
        </div>
      </form>
      ${found && !found.length ? html`<p role="status">${t("quarantine.not_found")}</p>` : nothing}
      ${found?.length
        ? html`<form class="find" @submit=${assign}>
            <label for="client-${id}">${t("quarantine.client")}</label>
            <div class="row">
              <select id="client-${id}" name="client">
                ${found.map(
                  (client) =>
                    html`<option value=${client.id}>${client.name} – ${client.email}</option>`,
                )}
              </select>
              <button>${t("quarantine.assign")}</button>
            </div>
          </form>`
        : nothing}`;
  }

  /** @param {() => Promise<{ state: "open" | "quarantined" | "conflict" | "dismissed" }>} resolve */
  async #settle(resolve) {
    const { state } = await resolve();
    this.#told = t(`quarantine.now.${state}`);
  }
}

define("visio-quarantine", QuarantineElement);
