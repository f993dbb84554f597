/**
 * A state that changes, and whoever wants to hear of it.
 *
 * `state` is replaced and never altered, so that comparing two of them tells whether anything
 * changed: React's `useSyncExternalStore` takes `subscribe` and `state` as they are.
 *
 * @template {object} S
 */
export class Store<S extends object> {
    /** @param {S} first */
    constructor(first: S);
    get state(): Readonly<S>;
    /**
     * Call `listener` after every change, until the returned function is called.
     * @param {() => void} listener
     * @returns {() => void}
     */
    subscribe(listener: () => void): () => void;
    /**
     * Take over some changes and tell everybody. For the store itself.
     * @param {Partial<S>} changes
     */
    become(changes: Partial<S>): void;
    /** Somebody listens from now on. */
    wake(): void;
    /** Nobody listens any more. */
    rest(): void;
    #private;
}
