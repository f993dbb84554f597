/** @import { Step } from "../visio/types.js" */
/**
 * Who did what, when and in which words; nothing where there is only the beginning.
 * @param {readonly Step[]} steps
 */
export function history(steps: readonly Step[]): import("lit-html").TemplateResult<1> | typeof nothing;
import type { Step } from "../visio/types.js";
import { nothing } from "lit-html";
