/**
 * @import { Visio } from "../visio/client.js"
 * @import { Notification } from "../visio/types.js"
 */
/** `<visio-notifications>`: what somebody was told, newest first. */
export class NotificationsElement extends VisioElement {
    /** @override */
    override view(): import("lit-html").TemplateResult<1> | typeof nothing;
    #private;
}
import { VisioElement } from "./element.js";
import { nothing } from "lit-html";
