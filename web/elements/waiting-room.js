import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

import { DesktopAlerts } from "../visio/alerts.js";
import { Chime } from "../visio/chime.js";
import { WaitingRoom } from "../visio/lobby.js";
import { clock, stopwatch, t } from "../visio/words.js";
import { ask } from "./ask.js";
import { VisioElement, define, inWords } from "./element.js";
import { messages } from "./messages.js";
import { alert, button, empty, loading, time, told } from "./parts.js";

/**
 * @import { Visio } from "../visio/client.js"
 * @import { NextStep, Waiting } from "../visio/types.js"
 */

/** @type {readonly NextStep[]} */
const NEXT = ["knock_again", "ask_again", "await_word"];

/**
 * `<visio-waiting-room>`: everybody who waits for the operator, who lets them in one by one or all.
 *
 * An arrival is heard, seen in the title of the page, and told by the desktop, each where it is
 * wanted and allowed. `worker` is the address of the script that receives pushes.
 */
export class WaitingRoomElement extends VisioElement {
  /** @type {WaitingRoom | undefined} */
  #room;
  /** @type {DesktopAlerts | undefined} */
  #alerts;
  #chime = new Chime();
  #title = document.title;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;
  #told = "";

  /** @override @param {Visio} visio */
  start(visio) {
    this.#alerts = this.watch(new DesktopAlerts(visio, this.getAttribute("worker") ?? "/push.js"));
    void this.#alerts.look();
    const room = (this.#room = this.watch(new WaitingRoom(visio)));
    this.onLeave(room.onArrival((arrived) => this.#announce(arrived)));
    this.onLeave(room.subscribe(() => this.#badge()));
    this.watch(this.#chime);
    this.#chime.look();
    this.#ticking = setInterval(() => room.state.items.length && this.update(), 1_000);
  }

  /** @override */
  stop() {
    clearInterval(this.#ticking);
    void this.#chime.close();
    document.title = this.#title;
  }

  /** @override */
  view() {
    if (!this.#room) return nothing;
    const { items, loading: reading, problem } = this.#room.state;
    return html`${alert(this.problem ?? (problem && problem.status ? inWords(problem) : null))}
      ${told(this.#told)}
      ${reading ? loading() : nothing}
      ${!reading && !items.length ? empty(t("waiting.none")) : nothing}
      ${items.length > 1
        ? html`<div class="row">
            ${button(this, "all", t("waiting.admit_all", { count: items.length }), () => this.#all())}
          </div>`
        : nothing}
      ${repeat(
        items,
        (waiting) => waiting.knockId,
        (waiting) => this.#arrival(waiting),
      )}
      ${this.#settings()}`;
  }

  get #everybody() {
    return /** @type {WaitingRoom} */ (this.#room);
  }

  /** @param {Waiting} waiting */
  #arrival(waiting) {
    const { knockId, meetingId, clientName, since, away, devices, scheduledAt } = waiting;
    const heading = `waiting-${knockId}`;
    return html`<article class="card calls" aria-labelledby=${heading}>
      <h3 id=${heading}>${clientName}</h3>
      <p>
        ${t("waiting.since", { at: clock(since) })}
        <span class="stopwatch" aria-hidden="true">${this.#elapsed(since)}</span>
      </p>
      <p class="facts">
        <span class="device ${devices}">${t(`devices.${devices}`)}</span>
        ${away ? html`<span class="state away">${t("waiting.away")}</span>` : nothing}
        <span class="soft">${t("waiting.meeting")} ${time(scheduledAt)}</span>
      </p>
      <div class="row">
        ${button(this, `admit ${knockId}`, t("waiting.admit", { name: clientName }), () =>
          this.#everybody.admit(meetingId),
        )}
        ${button(this, `deny ${knockId}`, t("waiting.deny"), () => this.#deny(waiting), {
          kind: "plain",
        })}
      </div>
      <details class="talk" ?open=${waiting.messages.length > 0}>
        <summary>${t("messages")}</summary>
        ${messages(this, meetingId, waiting.messages, "operator", (words) =>
          this.#everybody.say(meetingId, words),
        )}
      </details>
    </article>`;
  }

  /** @param {Waiting} waiting */
  async #deny(waiting) {
    const answer = await ask({
      title: t("waiting.deny_title", { name: waiting.clientName }),
      text: t("waiting.deny_text"),
      label: t("reason"),
      required: true,
      value: t("waiting.deny_reason"),
      choice: {
        label: t("waiting.next"),
        options: NEXT.map((value) => ({ value, label: t(`waiting.next.${value}`) })),
      },
      confirm: t("waiting.deny"),
    });
    if (answer) await this.#everybody.deny(waiting, answer.words, /** @type {NextStep} */ (answer.choice));
  }

  async #all() {
    const refused = await this.#everybody.admitAll();
    if (refused) this.#told = t("waiting.some_refused", { count: refused });
  }

  // How an arrival is told.

  #settings() {
    const { desktop, push } = this.#desk.state;
    const sound = this.#chime.state.status;
    const plain = /** @type {const} */ ({ kind: "plain" });
    return html`<div class="alerts" role="group" aria-label=${t("alerts")}>
      ${sound === "blocked"
        ? html`<p>${t("alerts.sound_blocked")}</p>
            ${button(this, "sound", t("alerts.sound_on"), () => this.#chime.play("arrival"))}`
        : button(this, "sound", t("alerts.sound_try"), () => this.#chime.play("arrival"), plain)}
      ${desktop === "denied" ? html`<p class="soft">${t("alerts.desktop_denied")}</p>` : nothing}
      ${desktop === "off"
        ? button(this, "desktop", t("alerts.desktop_on"), () => this.#desk.allow(), plain)
        : nothing}
      ${desktop === "on"
        ? button(this, "desktop", t("alerts.desktop_off"), async () => this.#desk.silence(), plain)
        : nothing}
      ${push === "off"
        ? button(this, "push", t("alerts.push_on"), () => this.#receive(), plain)
        : nothing}
      ${push === "on"
        ? button(this, "push", t("alerts.push_off"), () => this.#desk.stopPushes(), plain)
        : nothing}
    </div>`;
  }

  get #desk() {
    return /** @type {DesktopAlerts} */ (this.#alerts);
  }

  async #receive() {
    try {
      await this.#desk.receivePushes();
    } catch (error) {
      // The browser's own push service said no, or there is none behind this browser.
      if (!(error instanceof DOMException)) throw error;
      this.problem = t("alerts.push_refused");
    }
  }

  /** @param {readonly Waiting[]} arrived */
  #announce(arrived) {
    const names = arrived.map((waiting) => waiting.clientName).join(", ");
    this.#told = t("waiting.arrived", { names });
    void this.#chime.play("arrival");
    this.#desk.note(t("waiting.note"), t("waiting.note_text"));
    this.update();
  }

  #badge() {
    const { length } = this.#everybody.state.items;
    if (!length) this.#told = "";
    document.title = length ? `(${length}) ${this.#title}` : this.#title;
  }

  /** @param {string} since */
  #elapsed(since) {
    return stopwatch(Date.now() + this.#everybody.state.ahead - new Date(since).getTime());
  }
}

define("visio-waiting-room", WaitingRoomElement);
