/**
 * Times on a person's own clock, as `datetime-local` fields hold them, and instants.
 *
 * @typedef {"missing" | "unreadable" | "skipped" | "past" | "far" | "overlap"} SlotProblem
 * `skipped`: that time does not exist, the clocks go forward over it
 */

const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;

/**
 * The instant that a field's text names on this clock; of an hour that comes twice, the first.
 * @param {string} text `2026-12-24T09:30`
 * @returns {Date | null} null for no time at all, and for one that the clocks leave out
 */
export function instantOf(text) {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return null;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) || fieldOf(at) !== text.slice(0, 16) ? null : at;
}

/**
 * The text that a field needs to show this instant on this clock.
 * @param {Date} at
 */
export function fieldOf(at) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/**
 * The first whole quarter of an hour that is still far enough ahead to be proposed.
 * @param {Date} now
 */
export function earliest(now) {
  const quarter = 15 * MINUTE;
  return new Date(Math.ceil((now.getTime() + 1) / quarter) * quarter);
}

/** The last instant that the functions take. @param {Date} now */
export const latest = (now) => new Date(now.getTime() + YEAR);

/**
 * What is wrong with each of these fields, in their order; the first must be filled in.
 * @param {readonly string[]} texts
 * @param {{ minutes: number, now: Date }} facts how long a meeting lasts, and what time it is
 * @returns {(SlotProblem | null)[]}
 */
export function problemsOf(texts, { minutes, now }) {
  const instants = texts.map(instantOf);
  return texts.map((text, index) => {
    const at = instants[index] ?? null;
    if (!text) return index === 0 ? "missing" : null;
    if (!at) return Number.isNaN(new Date(text).getTime()) ? "unreadable" : "skipped";
    if (at <= now) return "past";
    if (at > latest(now)) return "far";
    const before = instants.slice(0, index);
    return before.some((other) => other && overlap(at, other, minutes)) ? "overlap" : null;
  });
}

/** @param {Date} one @param {Date} other @param {number} minutes */
function overlap(one, other, minutes) {
  return Math.abs(one.getTime() - other.getTime()) < minutes * MINUTE;
}
