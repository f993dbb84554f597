import { html, nothing } from "lit-html";

import { t } from "../visio/words.js";

/** @import { Attached, Chosen, Device } from "../visio/devices.js" */

/**
 * Which camera, microphone and speaker to take, of those that are there.
 * @param {Attached & { chosen: Chosen }} devices
 * @param {(kind: keyof Chosen, id: string) => void} choose
 */
export function pickers({ cameras, microphones, speakers, chosen }, choose) {
  const picker = (/** @type {keyof Chosen} */ kind, /** @type {readonly Device[]} */ found) => {
    if (!found.length) return nothing;
    const there = found.some(({ id }) => id === chosen[kind]) ? chosen[kind] : found[0]?.id;
    return html`<div>
      <label for="device-${kind}">${t(`device.${kind}`)}</label>
      <select
        id="device-${kind}"
        @change=${(/** @type {any} */ event) => choose(kind, event.target.value)}
      >
        ${found.map(
          ({ id, label }, index) => html`<option value=${id} .selected=${id === there}>
            ${label || t("device.number", { device: t(`device.${kind}`), number: index + 1 })}
          </option>`,
        )}
      </select>
    </div>`;
  };
  return html`<div class="slots">
    ${picker("camera", cameras)} ${picker("microphone", microphones)} ${picker("speaker", speakers)}
  </div>`;
}
