/**
 * Private channels, each joined once however many listen.
 *
 * An event is a bell: it says that something has changed, and the truth is read from a function.
 * Whoever listens is also called when a channel has been joined, at first and again, since what
 * happened before was not heard.
 */
export class Channels {
    /**
     * @param {SupabaseClient<any, any, any>} supabase
     * @param {(up: boolean) => void} tell whether every channel is joined, after a moment's grace
     */
    constructor(supabase: SupabaseClient<any, any, any>, tell: (up: boolean) => void);
    /** Whether every channel that somebody listens to is joined. */
    get up(): boolean;
    /**
     * Whether this one is joined, so that nothing need be asked at short intervals.
     * @param {string} topic
     */
    hears(topic: string): boolean;
    /**
     * Ring `bell` for every event on a topic, and whenever it has been joined.
     * @param {string} topic
     * @param {(event: string | null) => void} bell null where it has just been joined
     * @returns {() => void} listen no more
     */
    listen(topic: string, bell: (event: string | null) => void): () => void;
    /** Somebody is signed in, or their token is a new one: join, and go on with it. */
    open(): void;
    /** Leave everything: somebody signs out. */
    close(): Promise<void>;
    #private;
}
import type { SupabaseClient } from "@supabase/supabase-js";
