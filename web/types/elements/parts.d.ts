/** @import { VisioElement } from "./element.js" */
/**
 * A button that does something once at a time. It stays focusable while it does.
 * @param {VisioElement} host
 * @param {string} name of the action, one for each thing that can be done
 * @param {unknown} label
 * @param {() => Promise<unknown>} action
 * @param {{ kind?: "" | "plain" | "danger", disabled?: boolean, describedBy?: string, title?: string }} [how]
 */
export function button(host: VisioElement, name: string, label: unknown, action: () => Promise<unknown>, { kind, disabled, describedBy, title }?: {
    kind?: "" | "plain" | "danger";
    disabled?: boolean;
    describedBy?: string;
    title?: string;
}): import("lit-html").TemplateResult<1>;
export function alert(problem: string | null): import("lit-html").TemplateResult<1>;
export function time(instant: string, how?: (instant: string) => string): import("lit-html").TemplateResult<1>;
export function empty(words: string): import("lit-html").TemplateResult<1>;
export function loading(): import("lit-html").TemplateResult<1>;
export function told(words: unknown): import("lit-html").TemplateResult<1>;
import type { VisioElement } from "./element.js";
