/** @import { Attached, Chosen, Device } from "../visio/devices.js" */
/**
 * Which camera, microphone and speaker to take, of those that are there.
 * @param {Attached & { chosen: Chosen }} devices
 * @param {(kind: keyof Chosen, id: string) => void} choose
 */
export function pickers({ cameras, microphones, speakers, chosen }: Attached & {
    chosen: Chosen;
}, choose: (kind: keyof Chosen, id: string) => void): import("lit-html").TemplateResult<1>;
import type { Attached } from "../visio/devices.js";
import type { Chosen } from "../visio/devices.js";
