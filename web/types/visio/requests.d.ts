/**
 * Somebody's requests, newest first, kept true while somebody looks.
 *
 * @extends {Live<Requests>}
 */
export class RequestList extends Live<Requests> {
    /**
     * @param {Visio} visio
     * @param {{ statuses?: readonly ListedRequest["status"][] }} [which] all where none are named
     */
    constructor(visio: Visio, { statuses }?: {
        statuses?: readonly ListedRequest["status"][];
    });
    statuses: readonly ("cancelled" | "completed" | "accepted" | "countered" | "expired" | "pending" | "rejected" | "withdrawn")[];
    /** @override */
    override read(): Promise<{
        items: {
            id: string;
            clientId: string;
            operatorId: string;
            requestedSlots: string[];
            proposedSlots: string[] | null;
            selectedSlot: string | null;
            status: "accepted" | "cancelled" | "completed" | "countered" | "expired" | "pending" | "rejected" | "withdrawn";
            message: string | null;
            reason: string | null;
            source: "calcom" | "form";
            durationMinutes: number;
            meetingId: string | null;
            createdAt: string;
            updatedAt: string;
            clientName: string;
            history: import("./api.js").components["schemas"]["StepView"][];
            slots: import("./api.js").components["schemas"]["SlotView"][] | null;
        }[];
        more: boolean;
    }>;
    /** Show older ones too. */
    showMore(): Promise<void>;
    /**
     * The operator accepts one of the slots.
     * @param {string} requestId
     * @param {string} selectedSlot
     */
    accept(requestId: string, selectedSlot: string): Promise<void>;
    /**
     * The operator says no.
     * @param {string} requestId
     * @param {string} reason
     */
    reject(requestId: string, reason: string): Promise<void>;
    /**
     * The operator offers other times.
     * @param {string} requestId
     * @param {string[]} proposedSlots instants
     * @param {string} [message]
     */
    propose(requestId: string, proposedSlots: string[], message?: string): Promise<void>;
    /**
     * The client takes one of the times that were offered.
     * @param {string} requestId
     * @param {string} selectedSlot
     */
    take(requestId: string, selectedSlot: string): Promise<void>;
    /**
     * The client takes none of them, or takes the whole request back.
     * @param {string} requestId
     * @param {"decline" | "withdraw"} answer
     * @param {string} [message]
     */
    turnDown(requestId: string, answer: "decline" | "withdraw", message?: string): Promise<void>;
    #private;
}
/**
 * Up to three times that somebody is choosing, checked on their own clock before they are sent.
 *
 * @extends {Store<Draft>}
 */
export class SlotDraft extends Store<Draft> {
    constructor();
    /**
     * @param {number} index
     * @param {string} text
     */
    setSlot(index: number, text: string): void;
    /** @param {string} message */
    setMessage(message: string): void;
    /** @param {number} minutes */
    setMinutes(minutes: number): void;
    /** The times as instants, in the order in which they were wished for. */
    get instants(): string[];
    /** Whether all is well; from now on each change is judged at once. */
    check(): boolean;
    /**
     * Ask for a meeting at one of these times.
     * @param {Visio} visio
     * @returns {Promise<boolean>} false where a field has to be mended first
     */
    ask(visio: Visio): Promise<boolean>;
    clear(): void;
    #private;
}
export type Requests = {
    /**
     * newest first
     */
    items: readonly ListedRequest[];
    /**
     * whether there are older ones
     */
    more: boolean;
};
export type Decision = "accept" | "reject" | "propose";
export type Draft = {
    /**
     * as `datetime-local` fields hold them
     */
    slots: readonly string[];
    message: string;
    minutes: number;
    /**
     * one for each slot; told after a first try
     */
    problems: readonly (SlotProblem | null)[];
};
import { Live } from "./live.js";
import type { Visio } from "./client.js";
import type { ListedRequest } from "./types.js";
import { Store } from "./store.js";
import type { SlotProblem } from "./slots.js";
