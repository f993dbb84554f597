/**
 * How an operator who looks elsewhere is told that somebody waits.
 *
 * @extends {Store<Alerts>}
 */
export class DesktopAlerts extends Store<Alerts> {
    /**
     * @param {Visio} visio
     * @param {string} worker the address of the script that receives pushes
     */
    constructor(visio: Visio, worker: string);
    visio: Visio;
    worker: string;
    /** See what this browser can do and has been told already. */
    look(): Promise<void>;
    /** Ask the person for leave to show notes; must follow a press of theirs. */
    allow(): Promise<void>;
    /** Show none any more, from this page. */
    silence(): void;
    /**
     * Show a note, where that is wanted and nobody looks at the page.
     * @param {string} title
     * @param {string} body names nobody: anybody may look at a screen
     */
    note(title: string, body: string): void;
    /** Be told with no page open. Rejects with a VisioError, or where the browser's service refuses. */
    receivePushes(): Promise<void>;
    stopPushes(): Promise<void>;
    #private;
}
export type Alerts = {
    /**
     * notes of this browser's own
     */
    desktop: "unsupported" | "denied" | "off" | "on";
    /**
     * the same with no page open
     */
    push: "unsupported" | "off" | "on";
};
import { Store } from "./store.js";
import type { Visio } from "./client.js";
