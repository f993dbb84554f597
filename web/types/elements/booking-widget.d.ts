/** @import { Visio } from "../visio/client.js" */
/**
 * `<visio-booking-widget>`: Cal.com's booking page, bound to this client.
 *
 * Tells `visio-booked` when that page says so, and `visio-unavailable` where Cal.com does not
 * answer: then the form is the way.
 */
export class BookingWidgetElement extends VisioElement {
    /** @override */
    override view(): import("lit-html").TemplateResult<1> | typeof nothing;
    #private;
}
import { VisioElement } from "./element.js";
import { nothing } from "lit-html";
