/**
 * @import { Visio } from "./client.js"
 * @import { ListedClient, Quarantined } from "./types.js"
 *
 * @typedef {object} Waiting
 * @property {readonly Quarantined[]} items newest first
 */
/**
 * Cal.com's bookings that wait for the operator: bound to nobody, or in another meeting's way.
 *
 * @extends {Live<Waiting>}
 */
export class Quarantine extends Live<Waiting> {
    /** @param {Visio} visio */
    constructor(visio: Visio);
    /** @override */
    override read(): Promise<{
        items: any;
    }>;
    /**
     * The operator's clients whose name or e-mail holds these words.
     * @param {string} search
     * @returns {Promise<readonly ListedClient[]>}
     */
    clients(search: string): Promise<readonly ListedClient[]>;
    /**
     * These bookings are that client's.
     * @param {string} id
     * @param {string} clientId
     */
    assign(id: string, clientId: string): Promise<any>;
    /**
     * The way is clear by now; or none of it is wanted.
     * @param {string} id
     * @param {"apply" | "dismiss"} resolution
     */
    settle(id: string, resolution: "apply" | "dismiss"): Promise<any>;
    #private;
}
export type Waiting = {
    /**
     * newest first
     */
    items: readonly Quarantined[];
};
import { Live } from "./live.js";
import type { ListedClient } from "./types.js";
import type { Visio } from "./client.js";
import type { Quarantined } from "./types.js";
