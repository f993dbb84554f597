/**
 * A call on a LiveKit server. Its library is loaded by whoever calls, and by nobody else.
 *
 * @extends {Store<Connected>}
 */
export class Call extends Store<Connected> {
    constructor();
    /**
     * Go in; `connection` tells what became of it. Camera and microphone are as they were last time,
     * and off at first.
     * @param {string} url
     * @param {string} token which is kept nowhere
     */
    connect(url: string, token: string): Promise<undefined>;
    /** Turn one's own camera or microphone on or off, for the next time as well. @param {Kind} kind */
    toggle(kind: Kind): Promise<void>;
    /**
     * Take another device, now and next time. Who passes by several has the last one; where it cannot
     * be had, the one before goes on.
     * @param {keyof Chosen} kind
     * @param {string} id
     */
    choose(kind: keyof Chosen, id: string): Promise<void>;
    /** Be heard and hear: must follow a press. */
    unlock(): Promise<void>;
    /** Hang up: camera and microphone go out. */
    close(): Promise<void>;
    #private;
}
/**
 * One person in the room.
 */
export type Tile = {
    id: string;
    mine: boolean;
    /**
     * null while their camera is off
     */
    picture: Track | null;
    /**
     * never one's own
     */
    sound: Track | null;
    muted: boolean;
    speaking: boolean;
};
export type Connected = Attached & Line;
export type Line = {
    /**
     *  `lost` by itself; `elsewhere`: the same person has come in from somewhere else
     */
    connection: "connecting" | "on" | "reconnecting" | "lost" | "elsewhere" | "closed";
    /**
     * one's own first
     */
    tiles: readonly Tile[];
    camera: boolean;
    microphone: boolean;
    /**
     * whether the browser waits for a press before it lets anybody be heard
     */
    quiet: boolean;
    /**
     * with a device
     */
    trouble: Trouble | null;
    /**
     * by id; empty for whichever the browser takes
     */
    chosen: Chosen;
};
export type Trouble = {
    kind: keyof Chosen;
    why: "denied" | "missing" | "busy";
};
import { Store } from "./store.js";
import type { Kind } from "./devices.js";
import type { Chosen } from "./devices.js";
import type { Track } from "livekit-client";
import type { Attached } from "./devices.js";
