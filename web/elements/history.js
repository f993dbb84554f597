import { html, nothing } from "lit-html";

import { t, tOr } from "../visio/words.js";
import { time } from "./parts.js";

/** @import { Step } from "../visio/types.js" */

/**
 * Who did what, when and in which words; nothing where there is only the beginning.
 * @param {readonly Step[]} steps
 */
export function history(steps) {
  if (steps.length < 2) return nothing;
  return html`<details>
    <summary>${t("history")}</summary>
    <ol class="history">
      ${steps.map(step)}
    </ol>
  </details>`;
}

/** @param {Step} step */
function step({ by, action, at, slots, message }) {
  return html`<li>
    ${t(`by.${by}`)} ${tOr(`did.${action}`, action)}, ${time(at)}
    ${slots.map((slot) => html`<div>${time(slot)}</div>`)}
    ${message ? html`<div><q>${message}</q></div>` : nothing}
  </li>`;
}
