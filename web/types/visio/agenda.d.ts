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
            status: "cancelled" | "completed" | "in_progress" | "scheduled";
            outcome: ("client_absent" | "held" | "operator_absent" | "unknown") | null;
            source: "calcom" | "form";
            startedAt: string | null;
            endedAt: string | null;
            cancelReason: string | null;
            history: import("./api.js").components["schemas"]["StepView"][];
        }[];
        past?: undefined;
        more?: undefined;
    } | {
        live: {
            id: string;
            clientId: string;
            operatorId: string;
            requestId: string | null;
            title: string;
            scheduledAt: string;
            endsAt: string;
            status: "cancelled" | "completed" | "in_progress" | "scheduled";
            outcome: ("client_absent" | "held" | "operator_absent" | "unknown") | null;
            source: "calcom" | "form";
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
            status: "cancelled" | "completed" | "in_progress" | "scheduled";
            outcome: ("client_absent" | "held" | "operator_absent" | "unknown") | null;
            source: "calcom" | "form";
            startedAt: string | null;
            endedAt: string | null;
            cancelReason: string | null;
            history: import("./api.js").components["schemas"]["StepView"][];
        }[];
        more: boolean;
    }>;
    /** Read what is over too, from now on; more of it with each call. */
    remember(): Promise<void>;
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
    #private;
}
export type Meetings = {
    /**
     * what is to come and what is under way, soonest first
     */
    live: readonly ListedMeeting[];
    /**
     * what is over, latest first; null until asked for
     */
    past: readonly ListedMeeting[] | null;
    /**
     * whether more is over than that
     */
    more: boolean;
};
import { Live } from "./live.js";
import type { Visio } from "./client.js";
import type { ListedMeeting } from "./types.js";
