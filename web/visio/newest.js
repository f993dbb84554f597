/** @import { Visio } from "./client.js" */

const PAGE = 100; // a list answers with no more at once

/**
 * The newest of a list, over as many pages as it takes.
 *
 * @param {Visio} visio
 * @param {string} name
 * @param {Record<string, string | undefined>} query
 * @param {number} [most] all where none is named
 * @returns {Promise<{ items: any[], more: boolean }>} `more` where there are older ones
 */
export async function newest(visio, name, query, most = Infinity) {
  const found = new Map(); // by id: two pages may both have what changed in between
  let cursor = null;
  do {
    const limit = Math.min(PAGE, most - found.size);
    const page = await visio.get(name, { ...query, limit, cursor });
    for (const item of page.items) found.set(item.id, item);
    cursor = page.nextCursor;
  } while (cursor !== null && found.size < most);
  return { items: [...found.values()], more: cursor !== null };
}
