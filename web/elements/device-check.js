import { html, nothing } from "lit-html";
import { ref } from "lit-html/directives/ref.js";

import { Chime } from "../visio/chime.js";
import { Devices, browserFamily } from "../visio/devices.js";
import { t } from "../visio/words.js";
import { VisioElement, define } from "./element.js";
import { button } from "./parts.js";
import { pickers } from "./pickers.js";

/** @import { Kind, Status } from "../visio/devices.js" */

const KINDS = /** @type {const} */ (["camera", "microphone"]);

/**
 * `<visio-device-check>`: camera, microphone and speaker, tried when asked and never before.
 *
 * `devices` is what is known of them; `visio-devices` is told whenever `devices.state.result`
 * changes. Everything is off once the element has left the page.
 */
export class DeviceCheck extends VisioElement {
  devices = new Devices();
  #chime = new Chime();
  #told = this.devices.state.result;
  /** Whether the person is being asked if they heard it. */
  #asked = false;

  /** @override */
  start() {
    this.watch(this.devices);
    this.onLeave(this.devices.subscribe(() => this.#follow()));
    const stop = () => this.devices.stop();
    addEventListener("pagehide", stop);
    this.onLeave(() => removeEventListener("pagehide", stop));
  }

  /** @override */
  stop() {
    this.devices.stop();
    void this.#chime.close();
  }

  /** @override */
  view() {
    const { camera, microphone, stream } = this.devices.state;
    const tried = [camera, microphone].some((status) => status !== "off");
    return html`<section class="card devices" aria-labelledby="devices-title">
      <h3 id="devices-title">${t("device.title")}</h3>
      <p class="soft">${t("device.optional")}</p>
      ${stream?.getVideoTracks().length
        ? html`<video
            class="preview"
            autoplay
            muted
            playsinline
            aria-label=${t("device.preview")}
            ${ref((video) => show(video, stream))}
          ></video>`
        : nothing}
      <div class="row">
        ${tried
          ? KINDS.map((kind) => this.#toggle(kind))
          : button(this, "try", t("device.try"), () => this.devices.start())}
      </div>
      <div role="status">${KINDS.map((kind) => this.#trouble(kind, this.devices.state[kind]))}</div>
      ${microphone === "on" ? this.#level() : nothing}
      ${tried ? pickers(this.devices.state, (kind, id) => void this.devices.choose(kind, id)) : nothing}
      ${tried ? this.#speaker() : nothing}
    </section>`;
  }

  /** @param {Kind} kind */
  #toggle(kind) {
    const on = this.devices.state[kind] === "on";
    return html`<button
      type="button"
      class="plain"
      aria-pressed=${on ? "true" : "false"}
      aria-busy=${this.devices.state[kind] === "asking" ? "true" : "false"}
      @click=${() => void this.devices.toggle(kind)}
    >${t(`device.${kind}`)}${t("colon")} ${t(on ? "device.on" : "device.off")}</button>`;
  }

  /** What stands in the way, and what helps. @param {Kind} kind @param {Status} status */
  #trouble(kind, status) {
    if (status === "on" || status === "off") return nothing;
    if (status === "asking") return html`<p>${t("device.asking", { device: t(`device.the_${kind}`) })}</p>`;
    const help = status === "denied" ? t(`device.denied.${browserFamily()}`) : t(`device.help.${status}`);
    return html`<p class="trouble">
      <strong>${t(`device.${status}`, { device: t(`device.The_${kind}`) })}</strong> ${help}
    </p>`;
  }

  #level() {
    const { level, silent } = this.devices.state;
    return html`<div class="level">
      <label for="device-level">${t("device.level")}</label>
      <meter id="device-level" min="0" max="1" .value=${level}></meter>
      <p role="status">${silent ? t("device.silent") : nothing}</p>
    </div>`;
  }

  #speaker() {
    const { heard, chosen } = this.devices.state;
    const play = async () => {
      this.devices.confirmHeard(null);
      this.#asked = await this.#chime.play("test", chosen.speaker);
    };
    const answer = (/** @type {boolean} */ yes) => async () => {
      this.#asked = false;
      this.devices.confirmHeard(yes);
    };
    const plain = /** @type {const} */ ({ kind: "plain" });
    return html`<div class="speaker">
      ${button(this, "chime", t("device.chime"), play, plain)}
      ${this.#asked
        ? html`<div class="row" role="group" aria-labelledby="device-heard">
            <span id="device-heard">${t("device.heard")}</span>
            ${button(this, "yes", t("device.yes"), answer(true), plain)}
            ${button(this, "no", t("device.no"), answer(false), plain)}
          </div>`
        : nothing}
      <p role="status">
        ${heard === null ? nothing : t(heard ? "device.heard_yes" : "device.heard_no")}
      </p>
    </div>`;
  }

  #follow() {
    const { result } = this.devices.state;
    if (result === this.#told) return;
    this.#told = result;
    this.tell("visio-devices", { result });
  }
}

/**
 * Show a stream in an element, which is no attribute.
 * @param {Element | undefined} video
 * @param {MediaStream} stream
 */
function show(video, stream) {
  if (video instanceof HTMLVideoElement && video.srcObject !== stream) video.srcObject = stream;
}

define("visio-device-check", DeviceCheck);
