/** @extends {Store<{status: "ready"|"blocked"}>} */
export class Chime extends Store<{
    status: "ready" | "blocked";
}> {
    constructor();
    unlock(): Promise<void>;
    /** @param {string} _kind */
    play(_kind: string): Promise<void>;
}
import { Store } from "./store.js";
