import { html, nothing } from "lit-html";

import { Visio, VisioError } from "../visio/client.js";
import { HEARTBEAT } from "../visio/every.js";
import { language, t } from "../visio/words.js";
import { VisioElement, inWords, provide } from "./element.js";
import { alert, button, loading } from "./parts.js";

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
export const config = await (await fetch("/config.json")).json();

/** @type {typeof import("@supabase/supabase-js")} */
const { createClient } = /** @type {any} */ (window).supabase;
provide(
  new Visio({
    supabase: createClient(config.supabaseUrl, config.anonKey, {
      // In a worker: a page in the background would miss its heartbeats, and an arrival with them.
      realtime: { worker: true, workerUrl: HEARTBEAT },
    }),
    functionsUrl: config.functionsUrl,
  }),
);

/**
 * What every page has around it: who is signed in, in which language, and whether there is a
 * connection.
 */
export class VisioPage extends VisioElement {
  /** @override */
  forAnybody = true;
  /** Whose page it is; null for both. @type {Me["role"] | null} */
  side = null;
  /** What it is called. @type {Key} */
  name = "title.client";

  /** @override @param {Visio} visio */
  start(visio) {
    this.watch(visio);
  }

  /** What there is to see for who is signed in. @param {Me} _me @returns {TemplateResult} */
  content(_me) {
    return html``;
  }

  /** @override */
  view() {
    const { session, me, problem, connection } = /** @type {Visio} */ (this.visio).state;
    this.nameThePage();
    return html`<a class="skip" href="#main" @click=${this.#skip}>${t("page.skip")}</a>
      <header>
        <a class="brand" href="/">Foxeo visio</a>
        <div class="row">
          ${this.#language()}
          ${session === "in" ? button(this, "out", t("page.sign_out"), () => this.#out(), { kind: "plain" }) : nothing}
        </div>
      </header>
      <div class="banner" role="status">
        ${session === "in" && connection === "lost" ? html`<p>${t("page.lost")}</p>` : nothing}
      </div>
      <main id="main" tabindex="-1">
        <h1 tabindex="-1">${t(this.name)}</h1>
        ${this.#within(session, me, problem)}
      </main>`;
  }

  /** @param {"unknown" | "out" | "in"} session @param {Me | null} me @param {VisioError | null} problem */
  #within(session, me, problem) {
    if (session === "out") return this.#signIn();
    if (me && (this.side === null || me.role === this.side)) return this.content(me);
    if (me) {
      const there = me.role === "client" ? "/client/" : "/hub/";
      return html`<p class="card">${t(`page.not_${me.role}`)} <a href=${there}>${t("page.yours")}</a></p>`;
    }
    if (problem) return alert(inWords(problem));
    return loading();
  }

  #signIn() {
    const submit = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
      const [email, password] = [String(given.get("email")), String(given.get("password"))];
      void this.act("in", () => /** @type {Visio} */ (this.visio).signIn(email, password));
    };
    return html`<form id="sign-in" class="card narrow" @submit=${submit}>
      <label for="email">${t("sign_in.email")}</label>
      <input id="email" name="email" type="email" autocomplete="username" required />
      <label for="password">${t("sign_in.password")}</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
      />
      ${alert(this.problem)}
      <button aria-busy=${this.busy("in") ? "true" : "false"}>${t("sign_in")}</button>
    </form>`;
  }

  #language() {
    const other = language.state.locale === "fr" ? "en" : "fr";
    return html`<button
      type="button"
      class="plain"
      lang=${other}
      @click=${() => void language.choose(other)}
    >${other === "fr" ? "Français" : "English"}</button>`;
  }

  /** Without the address, which may say in which lobby one is. */
  #skip = (/** @type {Event} */ event) => {
    event.preventDefault();
    this.focusOn("main");
  };

  async #out() {
    await this.visio?.signOut();
  }

  nameThePage() {
    const title = `${t(this.name)} – Foxeo visio`;
    // Only when it changes: others put a count in front of it.
    if (this.dataset.title === title) return;
    this.dataset.title = title;
    document.title = title;
  }
}
