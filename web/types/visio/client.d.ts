/**
 * @import { Session, SupabaseClient } from "@supabase/supabase-js"
 *
 * @typedef {object} Me Who is signed in. `id` is the row's, by which inboxes are named.
 * @property {"client" | "operator"} role
 * @property {string} id
 * @property {string} name
 * @property {"fr" | "en"} locale
 * @property {string} timeZone
 * @property {{ id: string, name: string } | null} operator a client's own consultant
 *
 * @typedef {object} Standing
 * @property {"unknown" | "out" | "in"} session
 * @property {Me | null} me null until it is known, and for somebody who is no party
 * @property {VisioError | null} problem why it is not known
 * @property {"up" | "connecting" | "lost"} connection to the server, by socket or by request
 */
/** A refusal of the server's, by its stable `code`; `offline` where there was no answer. */
export class VisioError extends Error {
    /**
     * @param {number} status 0 where there was no answer
     * @param {{ code: string, message: string, details?: any, requestId?: string }} error
     * @param {number} [retryAfter] seconds, where the server said so
     */
    constructor(status: number, { code, message, details, requestId }: {
        code: string;
        message: string;
        details?: any;
        requestId?: string;
    }, retryAfter?: number);
    status: number;
    code: string;
    details: any;
    requestId: string | null;
    retryAfter: number | null;
}
/**
 * The functions and the channels, for whoever is signed in with this Supabase client.
 *
 * @extends {Store<Standing>}
 */
export class Visio extends Store<Standing> {
    /**
     * @param {object} given
     * @param {SupabaseClient<any, any, any>} given.supabase
     * @param {string} given.functionsUrl without a slash at its end
     */
    constructor({ supabase, functionsUrl }: {
        supabase: SupabaseClient<any, any, any>;
        functionsUrl: string;
    });
    supabase: SupabaseClient<any, any, any, any, any>;
    functionsUrl: string;
    channels: Channels;
    /**
     * @param {string} email
     * @param {string} password
     */
    signIn(email: string, password: string): Promise<void>;
    signOut(): Promise<void>;
    /**
     * Ask a function with GET.
     * @param {string} name as in its address: `list-meetings`
     * @param {Record<string, string | number | boolean | null | undefined>} [query]
     * @returns {Promise<any>} its data. Rejects with a VisioError.
     */
    get(name: string, query?: Record<string, string | number | boolean | null | undefined>): Promise<any>;
    /**
     * Have a function do something.
     * @param {string} name
     * @param {object} body
     * @param {{ idempotencyKey?: string, quiet?: boolean }} [how] `quiet` where it changes nothing
     *   that anybody looks at
     * @returns {Promise<any>} its data. Rejects with a VisioError.
     */
    post(name: string, body: object, { idempotencyKey, quiet }?: {
        idempotencyKey?: string;
        quiet?: boolean;
    }): Promise<any>;
    /**
     * Be called after everything that somebody does here: channels tell of what others do.
     * @param {() => void} listener
     * @returns {() => void} be called no more
     */
    onDeed(listener: () => void): () => void;
    /**
     * A file that a function answers with.
     * @param {string} name
     * @param {Record<string, string>} query
     * @returns {Promise<Blob>}
     */
    file(name: string, query: Record<string, string>): Promise<Blob>;
    /**
     * Ask anew what may be known already: `data` is null where nothing has changed since `etag`.
     * @param {"GET" | "POST"} method
     * @param {string} name
     * @param {{ query?: Record<string, any>, body?: object, etag?: string | null,
     *           idempotencyKey?: string }} [how]
     * @returns {Promise<{ data: any, etag: string | null }>}
     */
    send(method: "GET" | "POST", name: string, how?: {
        query?: Record<string, any>;
        body?: object;
        etag?: string | null;
        idempotencyKey?: string;
    }): Promise<{
        data: any;
        etag: string | null;
    }>;
    /** Find out who is signed in; again after it could not be. */
    recognise(): Promise<void>;
    #private;
}
/**
 * Who is signed in. `id` is the row's, by which inboxes are named.
 */
export type Me = {
    role: "client" | "operator";
    id: string;
    name: string;
    locale: "fr" | "en";
    timeZone: string;
    /**
     * a client's own consultant
     */
    operator: {
        id: string;
        name: string;
    } | null;
};
export type Standing = {
    session: "unknown" | "out" | "in";
    /**
     * null until it is known, and for somebody who is no party
     */
    me: Me | null;
    /**
     * why it is not known
     */
    problem: VisioError | null;
    /**
     * to the server, by socket or by request
     */
    connection: "up" | "connecting" | "lost";
};
import { Store } from "./store.js";
import type { SupabaseClient } from "@supabase/supabase-js";
import { Channels } from "./channels.js";
