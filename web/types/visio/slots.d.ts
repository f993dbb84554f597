/**
 * The instant that a field's text names on this clock; of an hour that comes twice, the first.
 * @param {string} text `2026-12-24T09:30`
 * @returns {Date | null} null for no time at all, and for one that the clocks leave out
 */
export function instantOf(text: string): Date | null;
/**
 * The text that a field needs to show this instant on this clock.
 * @param {Date} at
 */
export function fieldOf(at: Date): string;
/**
 * The first whole quarter of an hour that is still far enough ahead to be proposed.
 * @param {Date} now
 */
export function earliest(now: Date): Date;
/**
 * What is wrong with each of these fields, in their order; the first must be filled in.
 * @param {readonly string[]} texts
 * @param {{ minutes: number, now: Date }} facts how long a meeting lasts, and what time it is
 * @returns {(SlotProblem | null)[]}
 */
export function problemsOf(texts: readonly string[], { minutes, now }: {
    minutes: number;
    now: Date;
}): (SlotProblem | null)[];
export function latest(now: Date): Date;
/**
 * `skipped`: that time does not exist, the clocks go forward over it
 */
export type SlotProblem = "missing" | "unreadable" | "skipped" | "past" | "far" | "overlap";
