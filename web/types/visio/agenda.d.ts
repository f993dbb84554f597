/**
 * @import { Visio } from "./client.js"
 * @import { ListedMeeting } from "./types.js"
 *
 * @typedef {object} Meetings
 * @property {readonly ListedMeeting[]} live what is to come and what is under way, soonest first
 * @property {readonly ListedMeeting[]} past what is over, latest first
 */
/**
 * Somebody's meetings.
 *
 * @extends {Live<Meetings>}
 */
export class Agenda extends Live<Meetings> {
    /** @param {Visio} visio */
    constructor(visio: Visio);
    /** @override */
    override read(): Promise<{
        live: {
            id: string;
            clientId: string;
            operatorId: string;
            requestId: string | null;
            title: string;
            scheduledAt: string;
            endsAt: string;
            status: "scheduled" | "in_progress" | "completed" | "cancelled";
            outcome: ("held" | "client_absent" | "operator_absent" | "unknown") | null;
            source: "form" | "calcom";
            startedAt: string | null;
            endedAt: string | null;
            cancelReason: string | null;
            history: import("./api.js").components["schemas"]["StepView"][];
        }[];
        past: {
            id: string;
            clientId: string;
            operatorId: string;
            requestId: string | null;
            title: string;
            scheduledAt: string;
            endsAt: string;
            status: "scheduled" | "in_progress" | "completed" | "cancelled";
            outcome: ("held" | "client_absent" | "operator_absent" | "unknown") | null;
            source: "form" | "calcom";
            startedAt: string | null;
            endedAt: string | null;
            cancelReason: string | null;
            history: import("./api.js").components["schemas"]["StepView"][];
        }[];
    }>;
    /**
     * Call a scheduled meeting off.
     * @param {string} meetingId
     * @param {string} reason
     */
    cancel(meetingId: string, reason: string): Promise<void>;
    /**
     * A meeting as a calendar file.
     * @param {string} meetingId
     */
    file(meetingId: string): Promise<Blob>;
}
export type Meetings = {
    /**
     * what is to come and what is under way, soonest first
     */
    live: readonly ListedMeeting[];
    /**
     * what is over, latest first
     */
    past: readonly ListedMeeting[];
};
import { Live } from "./live.js";
import type { Visio } from "./client.js";
import type { ListedMeeting } from "./types.js";
