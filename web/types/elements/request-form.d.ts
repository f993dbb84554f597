/**
 * `<visio-request-form>`: a client proposes up to three times, and says what it is about.
 *
 * Tells `visio-requested` once the request has been made.
 */
export class RequestForm extends VisioElement {
    draft: SlotDraft;
    sent: boolean;
    connection: Visio | undefined;
    /** @override */
    override view(): import("lit-html").TemplateResult<1>;
    #private;
}
import { VisioElement } from "./element.js";
import { SlotDraft } from "../visio/requests.js";
import type { Visio } from "../visio/client.js";
