/**
 * `<visio-waiting-room>`: everybody who waits for the operator, who lets them in one by one or all.
 *
 * An arrival is heard, seen in the title of the page, and told by the desktop, each where it is
 * wanted and allowed. `worker` is the address of the script that receives pushes.
 */
export class WaitingRoomElement extends VisioElement {
    /** @override */
    override view(): import("lit-html").TemplateResult<1> | typeof nothing;
    #private;
}
import { VisioElement } from "./element.js";
import { nothing } from "lit-html";
