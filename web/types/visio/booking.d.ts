/**
 * Cal.com's own booking page in a frame.
 *
 * What the frame tells is a hint for this page alone: the signed webhook makes the meeting. It is
 * believed where it comes from that very frame, at that very origin.
 *
 * @extends {Store<Booking>}
 */
export class BookingWidget extends Store<Booking> {
    /** @param {Visio} visio */
    constructor(visio: Visio);
    visio: Visio;
    /** Ask for a link of one's own and show its page. Rejects with a VisioError. */
    open(): Promise<void>;
    close(): void;
    /**
     * Hear what some window says.
     * @param {MessageEvent} event
     * @param {Window | null} frame the one that shows the booking page
     */
    hear(event: MessageEvent, frame: Window | null): void;
    #private;
}
export type Booking = {
    phase: "closed" | "opening" | "open" | "booked" | "unavailable";
    /**
     * of the frame, bound to this client; null while there is none
     */
    url: string | null;
    /**
     * whether that frame has not said for a while that it is there
     */
    silent: boolean;
    /**
     * when what was just booked begins, where Cal.com said so
     */
    startsAt: string | null;
};
import { Store } from "./store.js";
import type { Visio } from "./client.js";
