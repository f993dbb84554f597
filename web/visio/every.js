/** Where the script of the clock is, for whoever else needs one. */
export const HEARTBEAT = new URL("./heartbeat.js", import.meta.url).href;

/**
 * Do something at intervals, in the background too.
 * @param {number} ms
 * @param {() => void} action
 * @returns {() => void} do it no more
 */
export function every(ms, action) {
  const clock = new Worker(HEARTBEAT);
  clock.onmessage = () => action();
  clock.postMessage({ event: "start", interval: ms });
  return () => clock.terminate();
}
