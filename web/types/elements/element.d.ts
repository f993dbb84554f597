/**
 * Give every element of this document its connection; one with a `visio` of its own keeps that.
 * @param {Visio} visio
 */
export function provide(visio: Visio): void;
/**
 * A refusal in this person's language.
 * @param {VisioError} error
 */
export function inWords(error: VisioError): string;
/**
 * Name an element, once: a page may load these modules twice under different addresses.
 * @param {string} name
 * @param {CustomElementConstructor} kind
 */
export function define(name: string, kind: CustomElementConstructor): void;
/**
 * What all our elements do: wait for a connection, watch stores, and draw.
 *
 * They draw into the document itself, so that a page's style reaches them, labels name fields, and
 * the focus stays where it is. Texts are never read as HTML: lit-html writes them as text.
 */
export class VisioElement extends HTMLElement {
    /** @type {Visio | undefined} */
    visio: Visio | undefined;
    /** What the last action could not do, in words. @type {string | null} */
    problem: string | null;
    /** Whether it is for people whom nobody knows yet; the others wait until somebody is signed in. */
    forAnybody: boolean;
    connectedCallback(): void;
    disconnectedCallback(): void;
    /** There is somebody to show something to: make and watch it. @param {Visio} _visio */
    start(_visio: Visio): void;
    /** Gone from the page, or signed out: let go of what `watch` and `onLeave` do not. */
    stop(): void;
    /** What there is to see. @returns {TemplateResult | typeof nothing} */
    view(): TemplateResult | typeof nothing;
    /**
     * Draw anew whenever this changes, for as long as the element is in the page.
     * @template {Store<any>} T
     * @param {T} store
     * @returns {T}
     */
    watch<T extends Store<any>>(store: T): T;
    /** Do this when there is nobody to show it to any more. @param {() => void} undo */
    onLeave(undo: () => void): void;
    /** Draw soon: once, however often it is asked for. */
    update(): void;
    /** Move the focus within. @param {string} selector */
    focusOn(selector: string): void;
    /** Whether this action is under way. @param {string} name */
    busy(name: string): boolean;
    /**
     * Do something once at a time; what goes wrong is said in `problem`.
     * @param {string} name
     * @param {() => Promise<unknown>} action
     * @returns {Promise<boolean>} whether it was done
     */
    act(name: string, action: () => Promise<unknown>): Promise<boolean>;
    /**
     * Tell the page around, which may act on it.
     * @param {string} type
     * @param {object} detail
     * @returns {boolean} false where somebody has taken it over
     */
    tell(type: string, detail: object): boolean;
    #private;
}
import type { Visio } from "../visio/client.js";
import { VisioError } from "../visio/client.js";
import type { TemplateResult } from "lit-html";
import { nothing } from "lit-html";
import type { Store } from "../visio/store.js";
