/**
 * @import { Visio } from "../visio/client.js"
 * @import { ListedRequest, Slot } from "../visio/types.js"
 */
/**
 * `<visio-request-list>`: somebody's requests, and what they can answer.
 *
 * `statuses`, separated by spaces, narrows it down: an operator's inbox is `pending countered`.
 */
export class RequestListElement extends VisioElement {
    /** @override */
    override view(): import("lit-html").TemplateResult<1> | typeof nothing;
    #private;
}
import { VisioElement } from "./element.js";
import { nothing } from "lit-html";
