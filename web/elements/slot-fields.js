import { html, nothing } from "lit-html";

import { earliest, fieldOf, instantOf, latest } from "../visio/slots.js";
import { t, when } from "../visio/words.js";

/** @import { SlotDraft } from "../visio/requests.js" */

/**
 * The fields of up to three times, each with what is wrong with it.
 * @param {SlotDraft} draft
 * @param {object} how
 * @param {string} how.id what the fields' own ids begin with
 * @param {string} how.describedBy the sentence that names the time zone
 * @param {(number: number) => string} how.label
 * @param {() => void} [how.change]
 */
export function slotFields(draft, { id, describedBy, label, change = () => {} }) {
  const now = new Date();
  return html`<div class="slots">
    ${draft.state.slots.map((slot, index) => {
      const [name, problem] = [`${id}-slot-${index}`, draft.state.problems[index] ?? null];
      const at = instantOf(slot);
      return html`<div class="slot">
        <label for=${name}>${label(index + 1)}</label>
        <input
          id=${name}
          type="datetime-local"
          step="300"
          min=${fieldOf(earliest(now))}
          max=${fieldOf(latest(now))}
          ?required=${index === 0}
          aria-invalid=${problem ? "true" : "false"}
          aria-describedby=${problem ? `${describedBy} ${name}-problem` : describedBy}
          .value=${slot}
          @input=${(/** @type {any} */ event) => {
            change();
            draft.setSlot(index, event.target.value);
          }}
        />
        ${problem
          ? html`<p id="${name}-problem" class="field-problem">${t(`slot.${problem}`)}</p>`
          : nothing}
        ${at && !problem ? html`<p class="soft">${when(at)}</p>` : nothing}
      </div>`;
    })}
  </div>`;
}
