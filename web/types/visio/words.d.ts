/**
 * The words for something.
 * @param {Key} key
 * @param {Facts} [facts] what the words speak of
 * @returns {string}
 */
export function t(key: Key, facts?: Facts): string;
/**
 * The words under a key that is put together, or other words where there are none.
 * @param {string} key
 * @param {string} otherwise
 * @param {Facts} [facts] what the words speak of
 */
export function tOr(key: string, otherwise: string, facts?: Facts): string;
/** The name of the zone, as people there say it. @param {string | Date} [instant] */
export function zoneName(instant?: string | Date): string;
/** Minutes and seconds since an instant, as on a stopwatch. @param {number} ms */
export function stopwatch(ms: number): string;
/** The language of this page. */
export const language: Language;
export function zone(): string;
export function when(instant: string | Date): string;
export function briefly(instant: string | Date): string;
export function clock(instant: string | Date): string;
/**
 * What people read, in French and in English, from one catalogue.
 */
export type Catalogue = typeof french;
/**
 * What people read, in French and in English, from one catalogue.
 */
export type Key = keyof Catalogue;
/**
 * What people read, in French and in English, from one catalogue.
 */
export type Locale = "fr" | "en";
/**
 * What people read, in French and in English, from one catalogue.
 */
export type Facts = Record<string, any>;
/** @extends {Store<{ locale: Locale }>} */
declare class Language extends Store<{
    locale: Locale;
}> {
    constructor();
    /**
     * Speak this language from now on, here and at the next visit.
     * @param {Locale} locale
     */
    choose(locale: Locale): Promise<void>;
}
import french from "./words/fr.js";
import { Store } from "./store.js";
export {};
