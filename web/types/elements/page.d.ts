/**
 * @import { TemplateResult } from "lit-html"
 * @import { Me } from "../visio/client.js"
 * @import { Key } from "../visio/words.js"
 *
 * @typedef {object} Config
 * @property {string} supabaseUrl
 * @property {string} functionsUrl
 * @property {string} anonKey
 * @property {boolean} roomServer
 */
/** @type {Config} What a page needs to find Supabase and the functions. All of it is public. */
export const config: Config;
/**
 * What every page has around it: who is signed in, in which language, and whether there is a
 * connection.
 */
export class VisioPage extends VisioElement {
    /** Whose page it is; null for both. @type {Me["role"] | null} */
    side: Me["role"] | null;
    /** What it is called. @type {Key} */
    name: Key;
    /** What there is to see for who is signed in. @param {Me} _me @returns {TemplateResult} */
    content(_me: Me): TemplateResult;
    /** @override */
    override view(): TemplateResult<1>;
    nameThePage(): void;
    #private;
}
export type Config = {
    supabaseUrl: string;
    functionsUrl: string;
    anonKey: string;
    roomServer: boolean;
};
import { VisioElement } from "./element.js";
import type { Me } from "../visio/client.js";
import type { Key } from "../visio/words.js";
import type { TemplateResult } from "lit-html";
