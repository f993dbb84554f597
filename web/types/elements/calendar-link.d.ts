/** `<visio-calendar-link>`: the secret address of one's calendar: made, shown once, taken back. */
export class CalendarLink extends VisioElement {
    /** @override */
    override view(): import("lit-html").TemplateResult<1>;
    #private;
}
import { VisioElement } from "./element.js";
