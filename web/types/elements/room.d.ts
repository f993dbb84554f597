/**
 * `<visio-room meeting="…">`: the main room, for a client who was let in and for the operator.
 *
 * `roomServer` says whether the server that tickets name is there. Tells `visio-left` when somebody
 * leaves by the button: the page goes on from there. Camera and microphone go out, and the room is
 * left, when the element leaves the page.
 */
export class RoomElement extends VisioElement {
    roomServer: boolean;
    /** @override */
    override view(): import("lit-html").TemplateResult<1> | typeof nothing;
    #private;
}
import { VisioElement } from "./element.js";
import { nothing } from "lit-html";
