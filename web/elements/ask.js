import { html, nothing, render } from "lit-html";

import { t } from "../visio/words.js";

/**
 * A question that needs a few words before something is done.
 *
 * @typedef {object} Question
 * @property {string} title
 * @property {string} [text] what it will lead to
 * @property {string} [label] of the field; without one, only yes or no is asked
 * @property {boolean} [required]
 * @property {number} [maxLength]
 * @property {string} [value] what the field holds at first
 * @property {{ label: string, options: { value: string, label: string }[] }} [choice]
 * @property {string} confirm the button that does it
 * @property {boolean} [danger]
 *
 * @typedef {{ words: string, choice: string }} Answer
 */

let asked = 0;

/**
 * Ask in a dialog. The focus goes there, stays there, and comes back.
 * @param {Question} question
 * @returns {Promise<Answer | null>} null where it was called off
 */
export function ask(question) {
  const dialog = document.createElement("dialog");
  dialog.className = "ask";
  const id = `visio-ask-${++asked}`;
  dialog.setAttribute("aria-labelledby", `${id}-title`);
  document.body.append(dialog);
  return new Promise((resolve) => {
    /** @type {Answer | null} */
    let answer = null;
    const submit = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
      answer = {
        words: String(given.get("words") ?? "").trim(),
        choice: String(given.get("choice") ?? ""),
      };
      dialog.close();
    };
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    render(view(question, id, submit, () => dialog.close()), dialog);
    dialog.showModal();
  });
}

/**
 * @param {Question} question
 * @param {string} id
 * @param {(event: SubmitEvent) => void} submit
 * @param {() => void} cancel
 */
function view(question, id, submit, cancel) {
  const { title, text, confirm, danger = false } = question;
  return html`<form @submit=${submit}>
    <h2 id="${id}-title">${title}</h2>
    ${text ? html`<p>${text}</p>` : nothing}
    ${words(question, id)} ${choice(question, id)}
    <div class="row">
      <button class=${danger ? "danger" : ""}>${confirm}</button>
      <button type="button" class="plain" @click=${cancel}>${t("ask.cancel")}</button>
    </div>
  </form>`;
}

/** @param {Question} question @param {string} id */
function words({ label, required = false, maxLength = 1000, value = "" }, id) {
  if (!label) return nothing;
  // Spaces alone are no words.
  const judge = (/** @type {Event} */ event) => {
    const field = /** @type {HTMLTextAreaElement} */ (event.target);
    const blank = required && field.value !== "" && !field.value.trim();
    field.setCustomValidity(blank ? t("ask.blank") : "");
  };
  return html`<label for="${id}-words">${label}</label>
    <textarea
      id="${id}-words"
      name="words"
      rows="3"
      maxlength=${maxLength}
      ?required=${required}
      .value=${value}
      @input=${judge}
    ></textarea>`;
}

/** @param {Question} question @param {string} id */
function choice({ choice }, id) {
  if (!choice) return nothing;
  return html`<label for="${id}-choice">${choice.label}</label>
    <select id="${id}-choice" name="choice">
      ${choice.options.map(({ value, label }) => html`<option value=${value}>${label}</option>`)}
    </select>`;
}
