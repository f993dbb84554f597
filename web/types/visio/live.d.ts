/**
 * @template {object} S
 * @typedef {S & { loading: boolean, problem: VisioError | null }} Loaded
 * `loading` until it was read for the first time; `problem` while it cannot be read
 */
/**
 * A state that is read from functions for as long as somebody listens.
 *
 * It is read when the first one listens, when a bell rings on one of its topics, after whatever
 * somebody does on this page, when the page comes back to the front or on line, and at intervals:
 * short ones where no socket tells of changes. One read runs at a time; whatever rings meanwhile
 * leads to one more.
 *
 * @template {object} S
 * @extends {Store<Loaded<S>>}
 */
export class Live<S extends object> extends Store<Loaded<S>> {
    /**
     * @param {Visio} visio
     * @param {S} first
     */
    constructor(visio: Visio, first: S);
    visio: Visio;
    /**
     * What the functions say now. To be written by each kind.
     * @returns {Promise<Partial<S>>}
     */
    read(): Promise<Partial<S>>;
    /** Which topics tell of changes; asked again after each read. @returns {string[]} */
    topics(): string[];
    /** How long until it is read again where no socket tells of changes, in ms. */
    get pollAfter(): number;
    /** The same where one does: for what changes by the clock alone, and a bell that was missed. */
    get pollAnyway(): number;
    /** Whether somebody listens. @protected */
    protected get listened(): boolean;
    /** Whether somebody is called by what changes here, though they look elsewhere. */
    get rings(): boolean;
    /**
     * Read anew: resolves when what was true at this call has been read; or at once where we come too
     * often, and it is read when the wait is over.
     */
    refresh(): Promise<void>;
    #private;
}
/**
 * `loading` until it was read for the first time; `problem` while it cannot be read
 */
export type Loaded<S extends object> = S & {
    loading: boolean;
    problem: VisioError | null;
};
import { Store } from "./store.js";
import type { Visio } from "./client.js";
import { VisioError } from "./client.js";
