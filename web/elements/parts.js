import { html, nothing } from "lit-html";

import { t, when } from "../visio/words.js";

/** @import { VisioElement } from "./element.js" */

/**
 * A button that does something once at a time. It stays focusable while it does.
 * @param {VisioElement} host
 * @param {string} name of the action, one for each thing that can be done
 * @param {unknown} label
 * @param {() => Promise<unknown>} action
 * @param {{ kind?: "" | "plain" | "danger", disabled?: boolean, describedBy?: string, title?: string }} [how]
 */
export function button(host, name, label, action, { kind = "", disabled = false, describedBy, title } = {}) {
  const busy = host.busy(name);
  return html`<button
    type="button"
    class=${kind}
    ?disabled=${disabled}
    aria-busy=${busy ? "true" : "false"}
    aria-describedby=${describedBy ?? nothing}
    title=${title ?? nothing}
    @click=${() => void host.act(name, action)}
  >${label}</button>`;
}

/**
 * What went wrong, told at once to who listens rather than looks. It is always in the page: a
 * region that comes with its words is not read out by every reader.
 * @param {string | null} problem
 */
export const alert = (problem) => html`<div class="problem" role="alert">${problem ?? nothing}</div>`;

/** An instant that programs read too. @param {string} instant @param {(instant: string) => string} [how] */
export const time = (instant, how = when) => html`<time datetime=${instant}>${how(instant)}</time>`;

/** Nothing is there. @param {string} words */
export const empty = (words) => html`<p class="soft">${words}</p>`;

/** Still being read for the first time. */
export const loading = () => html`<p class="soft" aria-busy="true">${t("loading")}</p>`;

/**
 * What has been done, said to who listens too; like `alert` it is always in the page.
 * @param {unknown} words nothing where there is nothing to say
 */
export const told = (words) => html`<div class="told" role="status">${words || nothing}</div>`;
