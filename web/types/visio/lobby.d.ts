/**
 * Where the client of a lobby stands.
 * @param {LobbyState} lobby
 * @returns {Phase}
 */
export function phaseOf({ meetingStatus, knock }: LobbyState): Phase;
/**
 * The lobby of one meeting, as either party sees it.
 *
 * Nothing here lets anybody in: a page shows what the server has said.
 *
 * @extends {Live<AtLobby>}
 */
export class Lobby extends Live<AtLobby> {
    /**
     * @param {Visio} visio
     * @param {string} meetingId
     */
    constructor(visio: Visio, meetingId: string);
    meetingId: string;
    /** @override */
    override become(changes: any): void;
    /**
     * The client knocks. Devices never stand in the way.
     * @param {DeviceResult} devices
     */
    knock(devices: DeviceResult): Promise<void>;
    /**
     * The client's devices have been tried since.
     * @param {DeviceResult} devices
     */
    tellDevices(devices: DeviceResult): Promise<void>;
    /** The client goes. */
    leave(): Promise<void>;
    /** The operator is there, and whoever waits comes in. */
    admit(): Promise<void>;
    /** The operator has the client wait again. @param {string} [reason] */
    sendBack(reason?: string): Promise<void>;
    /**
     * The operator puts the client out.
     * @param {string} reason
     * @param {NextStep} [nextStep]
     */
    remove(reason: string, nextStep?: NextStep): Promise<void>;
    /** The operator ends the meeting. */
    end(): Promise<void>;
    /**
     * A few words to the other party, or a ready-made answer by its key.
     * @param {{ text: string } | { canned: string }} words
     */
    say(words: {
        text: string;
    } | {
        canned: string;
    }): Promise<void>;
    #private;
}
/**
 * Everybody who waits, over all the operator's meetings.
 *
 * @extends {Live<Room>}
 */
export class WaitingRoom extends Live<Room> {
    /** @param {Visio} visio */
    constructor(visio: Visio);
    /** @override */
    override read(): Promise<{
        items: any;
        ahead: number;
    }>;
    /**
     * Be called with those who have just arrived; who waited when the page was opened, at first.
     * @param {(arrived: readonly Waiting[]) => void} caller
     * @returns {() => void}
     */
    onArrival(caller: (arrived: readonly Waiting[]) => void): () => void;
    /** @param {string} meetingId */
    admit(meetingId: string): Promise<void>;
    /**
     * Let everybody in whom the operator sees at this moment.
     * @returns {Promise<number>} how many could not be let in
     */
    admitAll(): Promise<number>;
    /**
     * @param {Waiting} waiting that arrival and no later one
     * @param {string} reason
     * @param {NextStep} nextStep
     */
    deny({ meetingId, knockId }: Waiting, reason: string, nextStep: NextStep): Promise<void>;
    /**
     * @param {string} meetingId
     * @param {{ text: string } | { canned: string }} words
     */
    say(meetingId: string, words: {
        text: string;
    } | {
        canned: string;
    }): Promise<void>;
    #private;
}
/**
 * where the client stands: `outside` has not knocked or has left; `removed` was put out by the
 * operator; `absent` is a meeting that is not theirs, or is not there at all
 */
export type Phase = "unknown" | "outside" | "waiting" | "admitted" | "denied" | "removed" | "cancelled" | "over" | "absent";
export type AtLobby = {
    phase: Phase;
    /**
     * the server's own words
     */
    lobby: LobbyState | null;
    /**
     * ms by which the server's clock is ahead of this one
     */
    ahead: number;
};
export type Room = {
    /**
     * in order of arrival
     */
    items: readonly Waiting[];
    ahead: number;
};
import type { LobbyState } from "./types.js";
import { Live } from "./live.js";
import type { DeviceResult } from "./types.js";
import type { NextStep } from "./types.js";
import type { Visio } from "./client.js";
import type { Waiting } from "./types.js";
