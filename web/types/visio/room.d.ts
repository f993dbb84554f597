/**
 * @import { Visio } from "./client.js"
 * @import { Phase } from "./lobby.js"
 * @import { Ticket } from "./types.js"
 *
 * @typedef {"sent_back" | "removed" | "denied" | "left" | "cancelled" | "over" | "absent"} Why
 * one is not in the room any more
 *
 * @typedef {object} Inside
 * @property {"idle" | "entering" | "elsewhere" | "facts" | "link" | "call" | "lost" | "refused"
 *   | "out"} phase
 *   `elsewhere`: another tab has the room; `facts`: no room's server is there to be entered;
 *   `link`: the room is on another service's pages; `lost`: to be tried again
 * @property {{ provider: string, host: string, expiresAt: string } | null} facts of the ticket:
 *   never what opens the room
 * @property {Call | null} call
 * @property {Why | null} why one is out
 * @property {VisioError | null} problem why there is no ticket
 */
/**
 * The main room of one meeting.
 *
 * Its ticket is asked for on the way in and kept nowhere: not in the state, an address, or a
 * storage. While somebody is in, the lobby says whether they still may be.
 *
 * @extends {Store<Inside>}
 */
export class MainRoom extends Store<Inside> {
    /**
     * @param {Visio} visio
     * @param {string} meetingId
     * @param {{ roomServer: boolean }} how whether the server that tickets name is there
     */
    constructor(visio: Visio, meetingId: string, { roomServer }: {
        roomServer: boolean;
    });
    lobby: Lobby;
    /**
     * Go in, with a new ticket.
     * @param {{ steal?: boolean }} [how] `steal` has another tab go out
     */
    enter({ steal }?: {
        steal?: boolean;
    }): Promise<void>;
    /** Go to the other service's pages, with a ticket that is fresh. */
    open(): Promise<void>;
    /** Go out, and tell so: a client has left then, an operator may come back. */
    leave(): Promise<void>;
    /** Be gone from this page: everything off, nobody told. */
    close(): void;
    #private;
}
/**
 * one is not in the room any more
 */
export type Why = "sent_back" | "removed" | "denied" | "left" | "cancelled" | "over" | "absent";
export type Inside = {
    /**
     *   `elsewhere`: another tab has the room; `facts`: no room's server is there to be entered;
     *   `link`: the room is on another service's pages; `lost`: to be tried again
     */
    phase: "idle" | "entering" | "elsewhere" | "facts" | "link" | "call" | "lost" | "refused" | "out";
    /**
     * of the ticket:
     * never what opens the room
     */
    facts: {
        provider: string;
        host: string;
        expiresAt: string;
    } | null;
    call: Call | null;
    /**
     * one is out
     */
    why: Why | null;
    /**
     * why there is no ticket
     */
    problem: VisioError | null;
};
import { Store } from "./store.js";
import { Lobby } from "./lobby.js";
import type { Visio } from "./client.js";
import { Call } from "./call.js";
import { VisioError } from "./client.js";
