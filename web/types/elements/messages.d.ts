/**
 * What was said at a lobby, told as it comes, and how to answer.
 * @param {VisioElement} host
 * @param {string} id of the meeting
 * @param {readonly Message[]} said
 * @param {"client" | "operator"} side of the reader
 * @param {(words: Words) => Promise<unknown>} say
 */
export function messages(host: VisioElement, id: string, said: readonly Message[], side: "client" | "operator", say: (words: Words) => Promise<unknown>): import("lit-html").TemplateResult<1>;
export namespace CANNED {
    let client: readonly ["five_minutes_late", "device_trouble", "thank_you"];
    let operator: readonly ["one_moment", "still_in_a_meeting", "take_your_time"];
}
export type Words = {
    text: string;
} | {
    canned: string;
};
import type { VisioElement } from "./element.js";
import type { Message } from "../visio/types.js";
