import { html, nothing } from "lit-html";

import { browserFamily } from "../visio/devices.js";
import { WaitingRoom } from "../visio/lobby.js";
import { MainRoom } from "../visio/room.js";
import { clock, t } from "../visio/words.js";
import { ask } from "./ask.js";
import { VisioElement, define, inWords } from "./element.js";
import { alert, button } from "./parts.js";
import { pickers } from "./pickers.js";
import "./track.js";

/**
 * @import { Call, Tile, Trouble } from "../visio/call.js"
 * @import { Visio } from "../visio/client.js"
 * @import { Kind } from "../visio/devices.js"
 * @import { Inside } from "../visio/room.js"
 * @import { Waiting } from "../visio/types.js"
 */

const PLAIN = /** @type {const} */ ({ kind: "plain" });

/**
 * `<visio-room meeting="…">`: the main room, for a client who was let in and for the operator.
 *
 * `roomServer` says whether the server that tickets name is there. Tells `visio-left` when somebody
 * leaves by the button: the page goes on from there. Camera and microphone go out, and the room is
 * left, when the element leaves the page.
 */
export class RoomElement extends VisioElement {
  roomServer = false;
  /** @type {MainRoom | undefined} */
  #room;
  /** @type {WaitingRoom | undefined} */
  #waiting;
  /** @type {Call | null} */
  #call = null;
  #unhear = () => {};
  /** @type {Inside["phase"]} */
  #shown = "idle";

  /** @override @param {Visio} visio */
  start(visio) {
    const meeting = this.getAttribute("meeting") ?? "";
    const room = new MainRoom(visio, meeting, { roomServer: this.roomServer });
    this.#room = this.watch(room);
    this.onLeave(room.subscribe(() => this.#follow()));
    this.watch(room.lobby);
    if (this.#operates) this.#waiting = this.watch(new WaitingRoom(visio));
    const gone = () => room.close();
    const back = (/** @type {PageTransitionEvent} */ event) => event.persisted && room.enter();
    addEventListener("pagehide", gone);
    addEventListener("pageshow", back);
    this.onLeave(() => {
      removeEventListener("pagehide", gone);
      removeEventListener("pageshow", back);
    });
    void room.enter();
  }

  /** @override */
  stop() {
    this.#unhear();
    this.#room?.close();
  }

  /** @override */
  view() {
    if (!this.#room) return nothing;
    const { phase } = this.#room.state;
    return html`<section class="room ${phase}" aria-labelledby="room-title">
      <h2 id="room-title" tabindex="-1" data-home>${this.#lobby?.title ?? t("title.room")}</h2>
      <p class="headline" role="status">${this.#headline()}</p>
      ${alert(this.problem)} ${this.#waits()} ${this.#inside()}
    </section>`;
  }

  get #store() {
    return /** @type {MainRoom} */ (this.#room);
  }

  get #operates() {
    return this.visio?.state.me?.role === "operator";
  }

  get #lobby() {
    return this.#store.lobby.state.lobby;
  }

  /** The other one's name. */
  get #other() {
    if (this.#operates) return this.#lobby?.clientName ?? t("room.client");
    return this.visio?.state.me?.operator?.name ?? t("room.operator");
  }

  #headline() {
    const { phase, call, why } = this.#store.state;
    switch (phase) {
      case "idle":
      case "entering":
        return t("room.entering");
      case "facts":
      case "link":
        return t("room.ready");
      case "call": {
        const connection = call?.state.connection;
        if (connection === "on") return t("room.on");
        return t(connection === "reconnecting" ? "room.reconnecting" : "room.entering");
      }
      case "out":
        return t(`room.${why ?? "left"}`);
      default:
        return t(`room.${phase}`);
    }
  }

  #inside() {
    const { phase, call } = this.#store.state;
    switch (phase) {
      case "elsewhere":
        return this.#card(
          html`<p>${t("room.elsewhere_text")}</p>`,
          button(this, "here", t("room.here"), () => this.#store.enter({ steal: true })),
        );
      case "facts":
        return html`${this.#facts()} ${this.#conduct()}`;
      case "link":
        return html`${this.#link()} ${this.#conduct()}`;
      case "call":
        return call ? html`${this.#people(call)} ${this.#tools(call)} ${this.#conduct()}` : nothing;
      case "lost":
        return this.#card(
          html`<p>${t("room.lost_text")}</p>`,
          button(this, "retry", t("room.retry"), () => this.#store.enter()),
        );
      case "refused":
        return this.#refused();
      case "out":
        return this.#out();
      default:
        return nothing;
    }
  }

  /** @param {unknown} words @param {unknown} [steps] */
  #card(words, steps = nothing) {
    return html`<div class="card">
      ${words}
      <div class="row">${steps} ${this.#home()}</div>
    </div>`;
  }

  #facts() {
    const { facts } = this.#store.state;
    if (!facts) return nothing;
    const { provider, host, expiresAt } = facts;
    return html`<div class="card">
      <p class="soft">${t("room.ready_text")}</p>
      <dl class="ticket">
        <dt>${t("room.provider")}</dt>
        <dd>${provider}</dd>
        <dt>${t("room.host")}</dt>
        <dd>${host}</dd>
        <dt>${t("room.until")}</dt>
        <dd><time datetime=${expiresAt}>${clock(expiresAt)}</time></dd>
      </dl>
      <div class="row">${this.#leave()}</div>
    </div>`;
  }

  #link() {
    return html`<div class="card">
      <p>${t("room.link_text", { host: this.#store.state.facts?.host })}</p>
      <div class="row">
        ${button(this, "open", t("room.open"), () => this.#store.open())} ${this.#leave()}
      </div>
    </div>`;
  }

  /** @param {Call} call */
  #people({ state: { tiles } }) {
    if (!tiles.length) return nothing;
    const alone = tiles.every((tile) => tile.mine);
    return html`<ul class="tiles" aria-label=${t("room.people")}>
        ${tiles.map((tile) => this.#tile(tile))}
      </ul>
      ${alone ? html`<p class="soft">${t("room.alone", { name: this.#other })}</p>` : nothing}`;
  }

  /** @param {Tile} tile */
  #tile({ mine, picture, sound, muted, speaking }) {
    const own = t("room.you", { name: this.visio?.state.me?.name });
    return html`<li class="tile ${mine ? "mine" : ""} ${speaking ? "speaking" : ""}">
      ${picture
        ? html`<visio-track .track=${picture}></visio-track>`
        : html`<p class="dark">${t("room.camera_off")}</p>`}
      ${sound ? html`<visio-track .track=${sound}></visio-track>` : nothing}
      <p class="facts">
        <strong>${mine ? own : this.#other}</strong>
        ${muted ? html`<span class="mark">${t("room.muted")}</span>` : nothing}
        ${speaking && !muted ? html`<span class="mark">${t("room.speaking")}</span>` : nothing}
      </p>
    </li>`;
  }

  /** @param {Call} call */
  #tools(call) {
    const { connection, quiet, trouble } = call.state;
    if (connection !== "on" && connection !== "reconnecting") {
      return html`<div class="row">${this.#leave()}</div>`;
    }
    return html`<div class="row tools" role="group" aria-label=${t("room.tools")}>
        ${this.#toggle(call, "microphone")} ${this.#toggle(call, "camera")} ${this.#leave()}
      </div>
      <div role="status">
        ${trouble ? this.#trouble(trouble) : nothing}
        ${quiet
          ? html`<p>${t("room.unlock_text")}</p>
              ${button(this, "unlock", t("room.unlock"), () => call.unlock())}`
          : nothing}
      </div>
      ${this.#choice(call)}`;
  }

  /** @param {Call} call */
  #choice(call) {
    const { cameras, microphones, speakers } = call.state;
    if (!cameras.length && !microphones.length && !speakers.length) return nothing;
    return html`<details>
      <summary>${t("room.devices")}</summary>
      ${pickers(call.state, (kind, id) => void call.choose(kind, id))}
    </details>`;
  }

  /** @param {Call} call @param {Kind} kind */
  #toggle(call, kind) {
    const on = call.state[kind];
    return html`<button
      type="button"
      class="plain"
      aria-pressed=${on ? "true" : "false"}
      aria-busy=${this.busy(kind) ? "true" : "false"}
      @click=${() => void this.act(kind, () => call.toggle(kind))}
    >${t(`room.turn_${kind}`)}${t("colon")} ${t(on ? "device.on" : "device.off")}</button>`;
  }

  /** @param {Trouble} trouble */
  #trouble({ kind, why }) {
    const help = why === "denied" ? t(`device.denied.${browserFamily()}`) : t(`device.help.${why}`);
    return html`<p class="trouble">
      <strong>${t(`device.${why}`, { device: t(`device.The_${kind}`) })}</strong> ${help}
    </p>`;
  }

  #refused() {
    const { problem } = this.#store.state;
    if (problem?.code === "not_admitted") {
      return this.#card(html`<p>${t("room.not_admitted")}</p>`, this.#toLobby());
    }
    const gone = problem?.status === 404 || problem?.status === 422;
    return this.#card(html`<p>${gone ? t("room.absent") : problem && inWords(problem)}</p>`);
  }

  #out() {
    const { why } = this.#store.state;
    const said = why === "cancelled" ? this.#lobby?.cancelReason : this.#lobby?.knock?.reason;
    const told = why === "sent_back" || why === "removed" || why === "denied" || why === "cancelled";
    return this.#card(
      html`${told && said ? html`<p><q>${said}</q></p>` : nothing}
        ${why === "sent_back" ? html`<p>${t("room.sent_back_text")}</p>` : nothing}`,
      why === "sent_back" || why === "removed" || why === "denied" ? this.#toLobby() : nothing,
    );
  }

  #toLobby() {
    const lobby = `/client/#lobby-${this.#store.lobby.meetingId}`;
    return html`<a class="button" href=${lobby}>${t("room.to_lobby")}</a>`;
  }

  #home() {
    return this.#operates
      ? html`<a class="button plain" href="/hub/">${t("room.to_operator")}</a>`
      : html`<a class="button plain" href="/client/">${t("room.to_client")}</a>`;
  }

  #leave() {
    const leave = async () => {
      await this.#store.leave();
      this.tell("visio-left", { meetingId: this.#store.lobby.meetingId });
    };
    return button(this, "leave", t("room.leave"), leave, PLAIN);
  }

  /** Whoever waits while the operator is in here. */
  #waits() {
    if (!this.#waiting || this.#store.state.phase === "out") return nothing;
    const { items } = this.#waiting.state;
    return html`<div class="waits" role="status">${items.map((one) => this.#waiter(one))}</div>`;
  }

  /** @param {Waiting} waiting */
  #waiter({ meetingId, clientName: name }) {
    if (meetingId !== this.#store.lobby.meetingId) {
      return html`<p class="told">
        ${t("room.waits_elsewhere", { name })} <a href="/hub/">${t("room.see")}</a>
      </p>`;
    }
    return html`<p class="told">
      ${t("room.waits", { name })}
      ${button(this, "admit", t("room.admit", { name }), () => this.#store.lobby.admit())}
    </p>`;
  }

  /** What the operator does with somebody who is in, and with the meeting. */
  #conduct() {
    if (!this.#operates) return nothing;
    const admitted = this.#store.lobby.state.phase === "admitted";
    return html`<div class="row conduct" role="group" aria-label=${t("room.conduct")}>
      ${admitted
        ? html`${button(this, "back", t("meeting.send_back"), () => this.#sendBack(), PLAIN)}
          ${button(this, "remove", t("meeting.remove"), () => this.#remove(), PLAIN)}`
        : nothing}
      ${button(this, "end", t("meeting.end"), () => this.#end(), { kind: "danger" })}
    </div>`;
  }

  async #sendBack() {
    const answer = await ask({
      title: t("room.send_back_title", { name: this.#other }),
      label: t("room.reason_optional"),
      confirm: t("meeting.send_back"),
    });
    if (answer) await this.#store.lobby.sendBack(answer.words || undefined);
  }

  async #remove() {
    const answer = await ask({
      title: t("room.remove_title", { name: this.#other }),
      label: t("room.reason"),
      required: true,
      confirm: t("meeting.remove"),
      danger: true,
    });
    if (answer) await this.#store.lobby.remove(answer.words);
  }

  async #end() {
    const answer = await ask({
      title: t("room.end_title"),
      text: t("room.end_text"),
      confirm: t("meeting.end"),
      danger: true,
    });
    if (answer) await this.#store.lobby.end();
  }

  #follow() {
    const { phase, call } = this.#store.state;
    if (call !== this.#call) {
      this.#unhear();
      this.#call = call;
      this.#unhear = call ? call.subscribe(() => this.update()) : () => {};
    }
    if (phase === this.#shown) return;
    this.#shown = phase;
    // What was pressed is gone with the room: the focus goes where one reads what has happened.
    if (phase === "out" || phase === "elsewhere" || phase === "lost") {
      queueMicrotask(() => this.focusOn("[data-home]"));
    }
  }
}

define("visio-room", RoomElement);
