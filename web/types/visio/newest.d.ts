/**
 * The newest of a list, over as many pages as it takes.
 *
 * @param {Visio} visio
 * @param {string} name
 * @param {Record<string, string | undefined>} query
 * @param {number} [most] all where none is named
 * @returns {Promise<{ items: any[], more: boolean }>} `more` where there are older ones
 */
export function newest(visio: Visio, name: string, query: Record<string, string | undefined>, most?: number): Promise<{
    items: any[];
    more: boolean;
}>;
import type { Visio } from "./client.js";
