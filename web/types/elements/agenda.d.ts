/**
 * @import { Visio } from "../visio/client.js"
 * @import { ListedMeeting } from "../visio/types.js"
 *
 * @typedef {{ lobby: Lobby, stop: () => void }} Followed
 */
/**
 * `<visio-agenda>`: somebody's meetings, the way to each lobby and room, and to one's calendar.
 *
 * Addresses are this product's own pages; `lobby-href` and `room-href` name others, in which
 * `{meetingId}` is filled in.
 */
export class AgendaElement extends VisioElement {
    /** @override */
    override view(): import("lit-html").TemplateResult<1> | typeof nothing;
    #private;
}
export type Followed = {
    lobby: Lobby;
    stop: () => void;
};
import { VisioElement } from "./element.js";
import { nothing } from "lit-html";
import { Lobby } from "../visio/lobby.js";
