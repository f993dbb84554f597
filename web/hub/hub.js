// The operator's page: who waits, what is asked, what is to come.

import { html } from "lit-html";

import "../elements/agenda.js";
import "../elements/calendar-link.js";
import { define } from "../elements/element.js";
import "../elements/notifications.js";
import { VisioPage } from "../elements/page.js";
import "../elements/quarantine.js";
import "../elements/request-list.js";
import "../elements/waiting-room.js";
import { t } from "../visio/words.js";

class HubPage extends VisioPage {
  /** @override */
  side = /** @type {const} */ ("operator");
  /** @override */
  name = /** @type {const} */ ("title.hub");

  /** @override */
  content() {
    return html`<div class="desk">
      <div>
        <section id="waiting" aria-labelledby="waiting-title">
          <h2 id="waiting-title">${t("hub.waiting")}</h2>
          <visio-waiting-room worker="/push.js"></visio-waiting-room>
        </section>
        <section id="meetings" aria-labelledby="meetings-title">
          <h2 id="meetings-title">${t("hub.agenda")}</h2>
          <visio-agenda></visio-agenda>
        </section>
      </div>
      <div>
        <visio-notifications></visio-notifications>
        <section id="quarantine" class="quarantine" aria-labelledby="quarantine-title">
          <h2 id="quarantine-title">${t("hub.quarantine")}</h2>
          <visio-quarantine></visio-quarantine>
        </section>
        <section id="requests" aria-labelledby="requests-title">
          <h2 id="requests-title">${t("hub.requests")}</h2>
          <visio-request-list statuses="pending countered"></visio-request-list>
        </section>
        <section id="calendar" aria-labelledby="calendar-title">
          <h2 id="calendar-title">${t("calendar.title")}</h2>
          <visio-calendar-link></visio-calendar-link>
        </section>
      </div>
    </div>`;
  }
}

define("visio-hub-page", HubPage);
