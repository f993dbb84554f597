import { html, nothing } from "lit-html";

import { clock, t } from "../visio/words.js";
import { button } from "./parts.js";

/**
 * @import { VisioElement } from "./element.js"
 * @import { Message } from "../visio/types.js"
 *
 * @typedef {{ text: string } | { canned: string }} Words
 */

/** The ready-made answers of each side, in the server's own keys. */
export const CANNED = /** @type {const} */ ({
  client: ["five_minutes_late", "device_trouble", "thank_you"],
  operator: ["one_moment", "still_in_a_meeting", "take_your_time"],
});

/**
 * What was said at a lobby, told as it comes, and how to answer.
 * @param {VisioElement} host
 * @param {string} id of the meeting
 * @param {readonly Message[]} said
 * @param {"client" | "operator"} side of the reader
 * @param {(words: Words) => Promise<unknown>} say
 */
export function messages(host, id, said, side, say) {
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const text = String(new FormData(form).get("text") ?? "").trim();
    if (!text) return;
    if (await host.act(`say ${id}`, () => say({ text }))) form.reset();
  };
  const canned = CANNED[side].map((key) =>
    button(host, `say ${id} ${key}`, t(`canned.${key}`), () => say({ canned: key }), {
      kind: "plain",
    }),
  );
  return html`<section class="messages" aria-label=${t("messages")}>
    <div role="log" aria-label=${t("messages.said")}>
      ${said.length
        ? html`<ol class="said">
            ${said.slice(-20).map((message) => line(message, side))}
          </ol>`
        : nothing}
    </div>
    <div class="row canned" role="group" aria-label=${t("messages.ready")}>${canned}</div>
    <form class="say" @submit=${submit}>
      <label for="say-${id}">${t("messages.write")}</label>
      <div class="row">
        <input id="say-${id}" name="text" maxlength="500" autocomplete="off" />
        <button class="plain">${t("messages.send")}</button>
      </div>
    </form>
  </section>`;
}

/** @param {Message} message @param {"client" | "operator"} side */
function line({ sender, text, at }, side) {
  const mine = sender === side;
  return html`<li class=${mine ? "mine" : "theirs"}>
    <span class="soft">${mine ? t("messages.me") : nothing} ${clock(at)}</span>
    <q>${text}</q>
  </li>`;
}
