import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

import { Agenda } from "../visio/agenda.js";
import { Lobby } from "../visio/lobby.js";
import { t, when } from "../visio/words.js";
import { ask } from "./ask.js";
import { VisioElement, define, inWords } from "./element.js";
import { history } from "./history.js";
import { alert, button, empty, loading, time } from "./parts.js";

/**
 * @import { Visio } from "../visio/client.js"
 * @import { ListedMeeting } from "../visio/types.js"
 *
 * @typedef {{ lobby: Lobby, stop: () => void }} Followed
 */

/**
 * `<visio-agenda>`: somebody's meetings, the way to each lobby and room, and to one's calendar.
 *
 * Addresses are this product's own pages; `lobby-href` and `room-href` name others, in which
 * `{meetingId}` is filled in.
 */
export class AgendaElement extends VisioElement {
  /** @type {Agenda | undefined} */
  #agenda;
  /** What goes on in the lobbies of meetings under way. @type {Map<string, Followed>} */
  #lobbies = new Map();

  /** @override @param {Visio} visio */
  start(visio) {
    this.#agenda = this.watch(new Agenda(visio));
  }

  /** @override */
  stop() {
    this.#forget(() => true);
  }

  /** @override */
  view() {
    if (!this.#agenda) return nothing;
    const { live, past, more, loading: reading, problem } = this.#agenda.state;
    const running = live.filter((meeting) => meeting.status === "in_progress");
    this.#forget((id) => !running.some((meeting) => meeting.id === id));
    return html`${alert(this.problem ?? (problem && problem.status ? inWords(problem) : null))}
      ${reading ? loading() : nothing}
      ${!reading && !live.length ? empty(t("meetings.none")) : nothing}
      ${repeat(
        live,
        (meeting) => meeting.id,
        (meeting) => this.#meeting(meeting),
      )}
      <details class="past" @toggle=${this.#remember}>
        <summary>${t("meetings.past")}</summary>
        ${past === null ? loading() : nothing}
        ${past?.length === 0 ? empty(t("meetings.no_past")) : nothing}
        ${repeat(
          past ?? [],
          (meeting) => meeting.id,
          (meeting) => this.#past(meeting),
        )}
        ${more ? button(this, "more", t("more"), () => this.#own.remember(), { kind: "plain" }) : nothing}
      </details>`;
  }

  get #operates() {
    return this.visio?.state.me?.role === "operator";
  }

  get #own() {
    return /** @type {Agenda} */ (this.#agenda);
  }

  /** @param {ListedMeeting} meeting */
  #meeting(meeting) {
    const heading = `meeting-${meeting.id}-title`;
    const runs = meeting.status === "in_progress";
    return html`<article
      id="meeting-${meeting.id}"
      class="card ${runs ? "calls" : ""}"
      aria-labelledby=${heading}
    >
      <h3 id=${heading}>${meeting.title}</h3>
      <p>${time(meeting.scheduledAt)}</p>
      <p class="facts">
        <span class="state ${meeting.status}">${t(`meeting.${meeting.status}`)}</span>
        <span class="soft">${t("form.length", { minutes: minutes(meeting) })}</span>
      </p>
      <div class="row">
        ${this.#enter(meeting)} ${this.#calendar(meeting)}
        ${runs ? nothing : this.#cancel(meeting)}
      </div>
      ${runs && this.#operates ? this.#conduct(meeting) : nothing} ${history(meeting.history)}
    </article>`;
  }

  /** @param {ListedMeeting} meeting */
  #enter({ id, status }) {
    const [kind, words] = this.#operates
      ? /** @type {const} */ (["room", "meeting.enter_room"])
      : /** @type {const} */ (["lobby", "meeting.enter_lobby"]);
    const given = this.getAttribute(`${kind}-href`);
    const quiet = kind === "room" && status === "scheduled" ? "plain" : "";
    const own = kind === "room" ? "/room/?meeting={meetingId}" : "#lobby-{meetingId}";
    return html`<a class="button ${quiet}" href=${(given ?? own).replace("{meetingId}", id)}>${t(words)}</a>`;
  }

  /** @param {ListedMeeting} meeting */
  #calendar({ id, scheduledAt }) {
    const save = async () => {
      const url = URL.createObjectURL(await this.#own.file(id));
      const link = document.createElement("a");
      link.href = url;
      link.download = t("meeting.file");
      link.click();
      URL.revokeObjectURL(url);
    };
    return button(this, `save ${id}`, t("meeting.save"), save, {
      kind: "plain",
      title: when(scheduledAt),
    });
  }

  /** @param {ListedMeeting} meeting */
  #cancel({ id, title }) {
    const action = async () => {
      const answer = await ask({
        title: t("meeting.cancel_title"),
        text: title,
        label: t("reason"),
        required: true,
        confirm: t("meeting.cancel"),
        danger: true,
      });
      if (answer) await this.#own.cancel(id, answer.words);
    };
    return button(this, `cancel ${id}`, t("meeting.cancel"), action, { kind: "plain" });
  }

  /** What the operator does with somebody who is in. @param {ListedMeeting} meeting */
  #conduct({ id }) {
    const { lobby } = this.#lobbies.get(id) ?? this.#follow(id);
    const { phase } = lobby.state;
    const again = () => this.#own.refresh();
    const back = async () => void (await lobby.sendBack(), await again());
    const remove = async () => {
      const answer = await ask({
        title: t("meeting.remove"),
        label: t("reason"),
        required: true,
        confirm: t("meeting.remove"),
        danger: true,
      });
      if (answer) await lobby.remove(answer.words);
    };
    const end = async () => void (await lobby.end(), await again());
    const plain = /** @type {const} */ ({ kind: "plain" });
    return html`<p class="soft" role="status">${t(`conduct.${phase}`)}</p>
      <div class="row">
        ${phase === "admitted"
          ? html`${button(this, `back ${id}`, t("meeting.send_back"), back, plain)}
            ${button(this, `remove ${id}`, t("meeting.remove"), remove, plain)}`
          : nothing}
        ${button(this, `end ${id}`, t("meeting.end"), end, plain)}
      </div>`;
  }

  /** @param {string} id */
  #follow(id) {
    const lobby = new Lobby(/** @type {Visio} */ (this.visio), id);
    const followed = { lobby, stop: lobby.subscribe(() => this.update()) };
    this.#lobbies.set(id, followed);
    return followed;
  }

  /** @param {(id: string) => boolean} which */
  #forget(which) {
    for (const [id, { stop }] of this.#lobbies) {
      if (!which(id)) continue;
      stop();
      this.#lobbies.delete(id);
    }
  }

  #remember = (/** @type {Event} */ event) => {
    const { open } = /** @type {HTMLDetailsElement} */ (event.target);
    if (open && this.#own.state.past === null) {
      void this.act("remember", () => this.#own.remember());
    }
  };

  /** @param {ListedMeeting} meeting */
  #past(meeting) {
    const heading = `meeting-${meeting.id}-title`;
    return html`<article id="meeting-${meeting.id}" class="card" aria-labelledby=${heading}>
      <h3 id=${heading}>${meeting.title}</h3>
      <p>${time(meeting.scheduledAt)}</p>
      <p class="facts">
        <span class="state ${meeting.status}">${t(`meeting.${meeting.status}`)}</span>
        ${meeting.outcome ? html`<span class="soft">${t(`outcome.${meeting.outcome}`)}</span>` : nothing}
      </p>
      ${meeting.cancelReason
        ? html`<p>${t("meeting.cancel_reason")} <q>${meeting.cancelReason}</q></p>`
        : nothing}
      ${history(meeting.history)}
    </article>`;
  }
}

/** @param {ListedMeeting} meeting */
function minutes({ scheduledAt, endsAt }) {
  return Math.round((new Date(endsAt).getTime() - new Date(scheduledAt).getTime()) / 60_000);
}

define("visio-agenda", AgendaElement);
