// The main room, for both: nobody gets here without a ticket, which the room asks for.

import { html } from "lit-html";

import { define } from "../elements/element.js";
import { VisioPage, config } from "../elements/page.js";
import "../elements/room.js";

/** @import { Me } from "../visio/client.js" */

const meeting = new URLSearchParams(location.search).get("meeting") ?? "";

class RoomPage extends VisioPage {
  /** @override */
  name = /** @type {const} */ ("title.room");

  /** @override @param {Me} me */
  content({ role }) {
    const left = () => location.assign(role === "client" ? "/client/" : "/hub/");
    return html`<visio-room
      meeting=${meeting}
      .roomServer=${config.roomServer}
      @visio-left=${left}
    ></visio-room>`;
  }
}

define("visio-room-page", RoomPage);
