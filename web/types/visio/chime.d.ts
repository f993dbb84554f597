/**
 * Short sounds, made here rather than loaded.
 *
 * @extends {Store<Sounding>}
 */
export class Chime extends Store<Sounding> {
    constructor();
    /** Find out whether a sound would be heard, and be ready as soon as the page is touched. */
    look(): void;
    /** Be allowed to sound; must follow a press. */
    unlock(): Promise<void>;
    /**
     * Play a sound, where it is allowed.
     * @param {Sound} sound
     * @param {string} [speaker] the id of a device, where the browser lets one choose
     * @returns {Promise<boolean>} whether it sounded
     */
    play(sound: Sound, speaker?: string): Promise<boolean>;
    /** Give the sound card back. */
    close(): Promise<void>;
    #private;
}
export type Sound = "arrival" | "test";
export type Sounding = {
    /**
     * `blocked` until somebody
     * presses something: browsers keep pages quiet that nobody has touched
     */
    status: "unknown" | "ready" | "blocked" | "unsupported";
};
import { Store } from "./store.js";
