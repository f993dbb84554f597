import { html, nothing } from "lit-html";

import { NotificationList } from "../visio/notifications.js";
import { briefly, t } from "../visio/words.js";
import { VisioElement, define, inWords } from "./element.js";
import { alert, button, empty, loading, time } from "./parts.js";

/**
 * @import { Visio } from "../visio/client.js"
 * @import { Notification } from "../visio/types.js"
 */

/** `<visio-notifications>`: what somebody was told, newest first. */
export class NotificationsElement extends VisioElement {
  /** @type {NotificationList | undefined} */
  #list;

  /** @override @param {Visio} visio */
  start(visio) {
    this.#list = this.watch(new NotificationList(visio));
  }

  /** @override */
  view() {
    if (!this.#list) return nothing;
    const { items, unread, loading: reading, problem } = this.#list.state;
    const list = this.#list;
    return html`<details class="notifications">
      <summary>
        ${t("notifications")}
        <span class="count" role="status">${unread ? t("notifications.unread", { count: unread }) : nothing}</span>
      </summary>
      ${alert(this.problem ?? (problem && problem.status ? inWords(problem) : null))}
      ${reading ? loading() : nothing}
      ${!reading && !items.length ? empty(t("notifications.none")) : nothing}
      ${unread
        ? html`<div class="row">
            ${button(this, "read", t("notifications.read"), () => list.markRead(), { kind: "plain" })}
          </div>`
        : nothing}
      <ul class="plain-list">
        ${items.map((one) => this.#one(one))}
      </ul>
    </details>`;
  }

  /** @param {Notification} one */
  #one({ title, body, link, readAt, createdAt }) {
    const here = link && withinHere(link);
    return html`<li class=${readAt ? "notification" : "notification unread"}>
      <strong>${title}</strong>
      ${readAt ? nothing : html`<span class="state">${t("notifications.new")}</span>`}
      <div>${body}</div>
      <div class="soft">
        ${time(createdAt, briefly)}
        ${here ? html`<a href=${here}>${t("notifications.open")}</a>` : nothing}
      </div>
    </li>`;
  }
}

/**
 * A link within this product; none that leads elsewhere, whatever was written there.
 * @param {string} link
 */
function withinHere(link) {
  const url = URL.canParse(link, location.origin) ? new URL(link, location.origin) : null;
  return url?.origin === location.origin ? url.pathname + url.search + url.hash : null;
}

define("visio-notifications", NotificationsElement);
