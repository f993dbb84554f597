/**
 * The devices of which the browser tells; of none before one of their kind was allowed.
 * @returns {Promise<Attached>}
 */
export function attached(): Promise<Attached>;
/**
 * Whose settings a person has to look for.
 * @returns {"ios" | "safari" | "firefox" | "chromium"}
 */
export function browserFamily(): "ios" | "safari" | "firefox" | "chromium";
/**
 * Camera, microphone and speaker, tried before a meeting.
 *
 * Nothing starts by itself, and what is turned off is off: its light goes out. One that fails does
 * not take the other with it.
 *
 * @extends {Store<Tried>}
 */
export class Devices extends Store<Tried> {
    constructor();
    /** Try camera and microphone; the browser asks the person. */
    start(): Promise<void>;
    /** Everything off. */
    stop(): void;
    /** Turn one of them on or off. @param {Kind} kind */
    toggle(kind: Kind): Promise<void>;
    /**
     * Take another device, now and next time.
     * @param {keyof Chosen} kind
     * @param {string} id
     */
    choose(kind: keyof Chosen, id: string): Promise<void>;
    /**
     * Whether the person heard the sound from the speaker; null while they are being asked.
     * @param {boolean | null} heard
     */
    confirmHeard(heard: boolean | null): void;
    #private;
}
export type Kind = "camera" | "microphone";
/**
 * `busy`: another program has it; `insecure`: the page did not come by https
 */
export type Status = "off" | "asking" | "on" | "denied" | "missing" | "busy" | "unsupported" | "insecure";
export type Device = {
    id: string;
    label: string;
};
/**
 * What there is to choose from, as far as the browser tells.
 */
export type Attached = {
    cameras: readonly Device[];
    microphones: readonly Device[];
    /**
     * none where the browser does not let one choose
     */
    speakers: readonly Device[];
};
export type Tried = Attached & Trial;
export type Trial = {
    camera: Status;
    microphone: Status;
    /**
     * by id; empty for whichever the browser takes
     */
    chosen: Chosen;
    /**
     * what is on
     */
    stream: MediaStream | null;
    /**
     * of the microphone, from 0 to 1
     */
    level: number;
    /**
     * whether nothing has come from it for some seconds
     */
    silent: boolean;
    /**
     * what the person said of the sound from the speaker
     */
    heard: boolean | null;
    /**
     * as the operator is told
     */
    result: DeviceResult;
};
export type Chosen = {
    camera: string;
    microphone: string;
    speaker: string;
};
import { Store } from "./store.js";
import type { DeviceResult } from "./types.js";
