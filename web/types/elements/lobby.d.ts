/**
 * @import { Visio } from "../visio/client.js"
 * @import { Devices } from "../visio/devices.js"
 * @import { Phase } from "../visio/lobby.js"
 * @import { LobbyState } from "../visio/types.js"
 */
/**
 * `<visio-lobby meeting="…">`: a client tries camera and microphone, waits, and is let in.
 *
 * Tells `visio-admitted` with the meeting's id when the operator has let them in: the page goes to
 * the room then. Whether anybody may enter is the server's to say, there and not here.
 */
export class LobbyElement extends VisioElement {
    /** @override */
    override view(): import("lit-html").TemplateResult<1> | typeof nothing;
    #private;
}
import { VisioElement } from "./element.js";
import { nothing } from "lit-html";
