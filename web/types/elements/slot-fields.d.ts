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
export function slotFields(draft: SlotDraft, { id, describedBy, label, change }: {
    id: string;
    describedBy: string;
    label: (number: number) => string;
    change?: (() => void) | undefined;
}): import("lit-html").TemplateResult<1>;
import type { SlotDraft } from "../visio/requests.js";
