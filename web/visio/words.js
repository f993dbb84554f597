import { memory } from "./memory.js";
import { Store } from "./store.js";
import french from "./words/fr.js";

/**
 * What people read, in French and in English, from one catalogue.
 *
 * @typedef {typeof french} Catalogue
 * @typedef {keyof Catalogue} Key
 * @typedef {"fr" | "en"} Locale
 * @typedef {Record<string, any>} Facts
 */

const kept = memory("language");
/** @type {Record<Locale, string>} */
const TAGS = { fr: "fr-FR", en: "en-GB" };
// Asked for at once where it will be needed: nothing is drawn in the wrong language first.
const first = preferred();
/** @type {Catalogue} */
let catalogue = first === "fr" ? french : (await import("./words/en.js")).default;

/** @extends {Store<{ locale: Locale }>} */
class Language extends Store {
  constructor() {
    super({ locale: first });
    document.documentElement.lang = first;
  }

  /**
   * Speak this language from now on, here and at the next visit.
   * @param {Locale} locale
   */
  async choose(locale) {
    kept.write(locale);
    catalogue = locale === "fr" ? french : (await import("./words/en.js")).default;
    document.documentElement.lang = locale;
    this.become({ locale });
  }
}

/** The language of this page. */
export const language = new Language();

/**
 * The words for something.
 * @param {Key} key
 * @param {Facts} [facts] what the words speak of
 * @returns {string}
 */
export function t(key, facts = {}) {
  const words = catalogue[key];
  if (typeof words === "function") return /** @type {(facts: Facts) => string} */ (words)(facts);
  return words.replace(/\{(\w+)\}/g, (_, name) => String(facts[name] ?? ""));
}

/**
 * The words under a key that is put together, or other words where there are none.
 * @param {string} key
 * @param {string} otherwise
 * @param {Facts} [facts] what the words speak of
 */
export function tOr(key, otherwise, facts = {}) {
  return Object.hasOwn(catalogue, key) ? t(/** @type {Key} */ (key), facts) : otherwise;
}

/** The zone in which this person's clock runs. */
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param {string | Date} instant @param {Intl.DateTimeFormatOptions} how */
const written = (instant, how) =>
  new Intl.DateTimeFormat(TAGS[language.state.locale], how).format(new Date(instant));

/** A day and a time of day, in full. @param {string | Date} instant */
export const when = (instant) => written(instant, { dateStyle: "full", timeStyle: "short" });
/** A day and a time of day, short. @param {string | Date} instant */
export const briefly = (instant) => written(instant, { dateStyle: "medium", timeStyle: "short" });
/** A time of day. @param {string | Date} instant */
export const clock = (instant) => written(instant, { timeStyle: "short" });
/** The name of the zone, as people there say it. @param {string | Date} [instant] */
export function zoneName(instant = new Date()) {
  const how = /** @type {const} */ ({ timeZoneName: "long" });
  const parts = new Intl.DateTimeFormat(TAGS[language.state.locale], how).formatToParts(
    new Date(instant),
  );
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  return `${zone()} (${name})`;
}

/** Minutes and seconds since an instant, as on a stopwatch. @param {number} ms */
export function stopwatch(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** @returns {Locale} */
function preferred() {
  const asked = new URLSearchParams(location.search).get("lang");
  for (const tag of [asked, kept.read(), ...navigator.languages]) {
    const short = String(tag ?? "").slice(0, 2).toLowerCase();
    if (short === "fr" || short === "en") return short;
  }
  return "fr";
}
