/**
 * @import { Visio } from "../visio/client.js"
 * @import { ListedClient, Quarantined } from "../visio/types.js"
 */
/**
 * `<visio-quarantine>`: bookings of Cal.com's that wait for the operator's word.
 *
 * Empty where there are none: the attribute `empty` is there then, for the page to hide a heading.
 */
export class QuarantineElement extends VisioElement {
    /** @override */
    override view(): import("lit-html").TemplateResult<1> | typeof nothing;
    #private;
}
import { VisioElement } from "./element.js";
import { nothing } from "lit-html";
