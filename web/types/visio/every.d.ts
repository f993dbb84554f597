/**
 * Do something at intervals, in the background too.
 * @param {number} ms
 * @param {() => void} action
 * @returns {() => void} do it no more
 */
export function every(ms: number, action: () => void): () => void;
/** Where the script of the clock is, for whoever else needs one. */
export const HEARTBEAT: string;
