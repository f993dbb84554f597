import { html, nothing } from "lit-html";

import { Lobby } from "../visio/lobby.js";
import { clock, stopwatch, t } from "../visio/words.js";
import "./device-check.js";
import { VisioElement, define, inWords } from "./element.js";
import { messages } from "./messages.js";
import { alert, button, loading, time } from "./parts.js";

/**
 * @import { Visio } from "../visio/client.js"
 * @import { Devices } from "../visio/devices.js"
 * @import { Phase } from "../visio/lobby.js"
 * @import { LobbyState } from "../visio/types.js"
 */

/**
 * `<visio-lobby meeting="…">`: a client tries camera and microphone, waits, and is let in.
 *
 * Tells `visio-admitted` with the meeting's id when the operator has let them in: the page goes to
 * the room then. Whether anybody may enter is the server's to say, there and not here.
 */
export class LobbyElement extends VisioElement {
  /** @type {Lobby | undefined} */
  #lobby;
  /** @type {Phase} */
  #told = "unknown";
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;

  /** @override @param {Visio} visio */
  start(visio) {
    this.watch(visio);
    this.#lobby = this.watch(new Lobby(visio, this.getAttribute("meeting") ?? ""));
    this.onLeave(this.#lobby.subscribe(() => this.#follow()));
    this.#ticking = setInterval(() => this.#tick(), 1_000);
  }

  /** @override */
  stop() {
    clearInterval(this.#ticking);
  }

  /** @override */
  view() {
    if (!this.#lobby) return nothing;
    const { phase, lobby, loading: reading, problem } = this.#lobby.state;
    if (reading || phase === "unknown") {
      return html`${alert(problem && problem.status ? inWords(problem) : null)}${loading()}`;
    }
    if (phase === "absent" || !lobby) return html`<p>${t("lobby.absent")}</p>${this.#back()}`;
    return html`<section class="lobby ${phase}" aria-labelledby="lobby-title">
      <h2 id="lobby-title" tabindex="-1" data-home>${lobby.title}</h2>
      <p>${time(lobby.scheduledAt)}</p>
      <div class="card standing ${phase}">
        <p class="headline" role="status">${this.#headline(phase, lobby)}</p>
        ${this.#standing(phase, lobby)} ${alert(this.problem)}
        <div class="row">${this.#steps(phase, lobby)}</div>
      </div>
      ${phase === "cancelled" || phase === "over" || phase === "admitted"
        ? nothing
        : html`<visio-device-check
              @visio-devices=${() => void this.#tellDevices()}
            ></visio-device-check>
            ${messages(this, this.#store.meetingId, lobby.messages, "client", (words) =>
              this.#store.say(words),
            )}`}
      ${this.#back()}
    </section>`;
  }

  get #store() {
    return /** @type {Lobby} */ (this.#lobby);
  }

  get #operator() {
    return this.visio?.state.me?.operator?.name ?? t("lobby.operator");
  }

  /** @type {Devices | undefined} */
  get #devices() {
    return /** @type {any} */ (this.querySelector("visio-device-check"))?.devices;
  }

  /** @param {Phase} phase @param {LobbyState} lobby */
  #headline(phase, lobby) {
    const name = this.#operator;
    if (phase === "cancelled") return t("lobby.cancelled");
    if (phase === "outside") {
      return lobby.operatorPresent ? t("lobby.present", { name }) : t("lobby.outside", { name });
    }
    return t(`lobby.${/** @type {"waiting"} */ (phase)}`, { name });
  }

  /** @param {Phase} phase @param {LobbyState} lobby */
  #standing(phase, lobby) {
    const { knock } = lobby;
    const name = this.#operator;
    switch (phase) {
      case "waiting":
        return html`<p>
            ${t("lobby.since", { at: clock(knock?.since ?? lobby.serverTime) })}
            <span class="stopwatch" aria-hidden="true">${this.#elapsed(knock?.since)}</span>
          </p>
          <p class="soft">
            ${t(lobby.operatorPresent ? "lobby.operator_present" : "lobby.operator_absent", { name })}
          </p>
          ${knock?.reason ? html`<p>${t("lobby.sent_back", { name })} <q>${knock.reason}</q></p>` : nothing}
          <p class="soft">${t("lobby.keep_open")}</p>`;
      case "denied":
      case "removed":
        return html`${knock?.reason ? html`<p><q>${knock.reason}</q></p>` : nothing}
          <p>${t(`next.${knock?.nextStep ?? "knock_again"}`, { name })}</p>`;
      case "cancelled":
        return html`${lobby.cancelReason ? html`<p><q>${lobby.cancelReason}</q></p>` : nothing}
          <p>${t("lobby.after_cancel")}</p>`;
      case "outside":
        return html`<p class="soft">${t("lobby.before", { name })}</p>`;
      default:
        return nothing;
    }
  }

  /** What can be done from here. @param {Phase} phase @param {LobbyState} lobby */
  #steps(phase, lobby) {
    const leave = () => this.#store.leave();
    const knock = () => this.#store.knock(this.#devices?.state.result ?? "untested");
    const propose = html`<a class="button" href="#propose">${t("lobby.propose")}</a>`;
    switch (phase) {
      case "outside":
        return button(this, "knock", t("lobby.knock"), knock);
      case "denied":
      case "removed":
        if (lobby.knock?.nextStep === "ask_again") return propose;
        return button(this, "knock", t("lobby.knock_again"), knock, {
          kind: lobby.knock?.nextStep === "await_word" ? "plain" : "",
        });
      case "waiting":
        return button(this, "leave", t("lobby.leave"), leave, { kind: "plain" });
      case "admitted":
        return html`<a class="button" href="/room/?meeting=${this.#store.meetingId}" @click=${this.#enter}>
            ${t("lobby.enter")}
          </a>
          ${button(this, "leave", t("lobby.leave"), leave, { kind: "plain" })}`;
      case "cancelled":
        return propose;
      default:
        return nothing;
    }
  }

  #back() {
    return html`<p><a href="#meetings">${t("lobby.back")}</a></p>`;
  }

  /** Somebody was let in: they go in by themselves, once. */
  #follow() {
    const { phase } = this.#store.state;
    if (phase === this.#told) return;
    const before = this.#told;
    this.#told = phase;
    if (phase === "admitted") {
      this.#devices?.stop();
      this.#enter();
    } else if (before !== "unknown") queueMicrotask(() => this.focusOn("[data-home]"));
  }

  #enter = (/** @type {Event} */ event = new Event("none")) => {
    event.preventDefault();
    this.tell("visio-admitted", { meetingId: this.#store.meetingId });
  };

  async #tellDevices() {
    const result = this.#devices?.state.result;
    if (result) await this.#store.tellDevices(result);
  }

  /** @param {string | undefined} since */
  #elapsed(since) {
    if (!since) return "";
    return stopwatch(Date.now() + this.#store.state.ahead - new Date(since).getTime());
  }

  #tick() {
    if (this.#lobby?.state.phase === "waiting") this.update();
  }
}

define("visio-lobby", LobbyElement);
