import { Channels } from "./channels.js";
import { Store } from "./store.js";

/**
 * @import { Session, SupabaseClient } from "@supabase/supabase-js"
 *
 * @typedef {object} Me Who is signed in. `id` is the row's, by which inboxes are named.
 * @property {"client" | "operator"} role
 * @property {string} id
 * @property {string} name
 * @property {"fr" | "en"} locale
 * @property {string} timeZone
 * @property {{ id: string, name: string } | null} operator a client's own consultant
 *
 * @typedef {object} Standing
 * @property {"unknown" | "out" | "in"} session
 * @property {Me | null} me null until it is known, and for somebody who is no party
 * @property {VisioError | null} problem why it is not known
 * @property {"up" | "connecting" | "lost"} connection to the server, by socket or by request
 */

/** A refusal of the server's, by its stable `code`; `offline` where there was no answer. */
export class VisioError extends Error {
  /**
   * @param {number} status 0 where there was no answer
   * @param {{ code: string, message: string, details?: any, requestId?: string }} error
   * @param {number} [retryAfter] seconds, where the server said so
   */
  constructor(status, { code, message, details, requestId }, retryAfter) {
    super(message);
    this.name = "VisioError";
    this.status = status;
    this.code = code;
    this.details = details ?? null;
    this.requestId = requestId ?? null;
    this.retryAfter = retryAfter ?? null;
  }
}

const PATIENCE = 15_000;

/**
 * The functions and the channels, for whoever is signed in with this Supabase client.
 *
 * @extends {Store<Standing>}
 */
export class Visio extends Store {
  /** @type {string | null} */
  #userId = null;
  /** @type {Set<() => void>} */
  #deeds = new Set();
  #socketLost = false;
  #requestLost = false;

  /**
   * @param {object} given
   * @param {SupabaseClient<any, any, any>} given.supabase
   * @param {string} given.functionsUrl without a slash at its end
   */
  constructor({ supabase, functionsUrl }) {
    super({ session: "unknown", me: null, problem: null, connection: "connecting" });
    this.supabase = supabase;
    this.functionsUrl = functionsUrl;
    this.channels = new Channels(supabase, (up) => {
      this.#socketLost = !up;
      this.#judge();
    });
    supabase.auth.onAuthStateChange((_, session) => {
      // Not inside the callback: supabase-js holds its lock there, and a call would wait for it.
      setTimeout(() => this.#follow(session));
    });
  }

  /**
   * @param {string} email
   * @param {string} password
   */
  async signIn(email, password) {
    const { error } = await this.supabase.auth.signInWithPassword({ email, password });
    if (error) {
      const code = error.status === undefined || error.status >= 500 || error.status === 0 ? "offline" : "wrong_password";
      throw new VisioError(error.status ?? 0, { code, message: error.message });
    }
  }

  async signOut() {
    // First of all here: what is still shown would ask in nobody's name.
    this.#userId = null;
    this.become({ session: "out", me: null, problem: null });
    await this.channels.close();
    await this.supabase.auth.signOut({ scope: "local" });
  }

  /**
   * Ask a function with GET.
   * @param {string} name as in its address: `list-meetings`
   * @param {Record<string, string | number | boolean | null | undefined>} [query]
   * @returns {Promise<any>} its data. Rejects with a VisioError.
   */
  async get(name, query = {}) {
    return (await this.send("GET", name, { query })).data;
  }

  /**
   * Have a function do something.
   * @param {string} name
   * @param {object} body
   * @param {{ idempotencyKey?: string, quiet?: boolean }} [how] `quiet` where it changes nothing
   *   that anybody looks at
   * @returns {Promise<any>} its data. Rejects with a VisioError.
   */
  async post(name, body, { idempotencyKey, quiet = false } = {}) {
    const { data } = await this.send("POST", name, { body, idempotencyKey });
    if (!quiet) for (const listener of [...this.#deeds]) listener();
    return data;
  }

  /**
   * Be called after everything that somebody does here: channels tell of what others do.
   * @param {() => void} listener
   * @returns {() => void} be called no more
   */
  onDeed(listener) {
    this.#deeds.add(listener);
    return () => this.#deeds.delete(listener);
  }

  /**
   * A file that a function answers with.
   * @param {string} name
   * @param {Record<string, string>} query
   * @returns {Promise<Blob>}
   */
  async file(name, query) {
    return (await this.#fetch("GET", name, { query })).blob();
  }

  /**
   * Ask anew what may be known already: `data` is null where nothing has changed since `etag`.
   * @param {"GET" | "POST"} method
   * @param {string} name
   * @param {{ query?: Record<string, any>, body?: object, etag?: string | null,
   *           idempotencyKey?: string }} [how]
   * @returns {Promise<{ data: any, etag: string | null }>}
   */
  async send(method, name, how = {}) {
    const answer = await this.#fetch(method, name, how);
    if (answer.status === 304) return { data: null, etag: how.etag ?? null };
    const envelope = await answer.json().catch(() => null);
    if (!envelope) throw this.#unanswered();
    return { data: envelope.data, etag: answer.headers.get("ETag") };
  }

  /**
   * @param {string} method
   * @param {string} name
   * @param {{ query?: Record<string, any>, body?: object, etag?: string | null,
   *           idempotencyKey?: string }} how
   */
  async #fetch(method, name, { query = {}, body, etag, idempotencyKey }) {
    const { data, error } = await this.supabase.auth.getSession();
    if (!data.session) {
      // The token is over, and nobody answers who gives another: still signed in, without a line.
      if (error?.name === "AuthRetryableFetchError") throw this.#unanswered();
      throw new VisioError(401, { code: "unauthenticated", message: "signed out" });
    }
    const asked = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) {
      if (value !== null && value !== undefined && value !== "") asked.set(key, String(value));
    }
    const headers = new Headers({ Authorization: `Bearer ${data.session.access_token}` });
    if (body) headers.set("Content-Type", "application/json");
    if (etag) headers.set("If-None-Match", etag);
    if (idempotencyKey) headers.set("Idempotency-Key", idempotencyKey);
    let answer;
    try {
      answer = await fetch(`${this.functionsUrl}/${name}${asked.size ? `?${asked}` : ""}`, {
        method,
        headers,
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(PATIENCE),
        // Our own tags say what is fresh: the browser's cache would answer 200 for a 304.
        cache: "no-store",
      });
    } catch {
      throw this.#unanswered();
    }
    this.#requestLost = false;
    this.#judge();
    if (answer.ok || answer.status === 304) return answer;
    const envelope = await answer.json().catch(() => null);
    if (!envelope?.error) throw this.#unanswered();
    const wait = Number(answer.headers.get("Retry-After")) || undefined;
    throw new VisioError(answer.status, envelope.error, wait);
  }

  #unanswered() {
    this.#requestLost = true;
    this.#judge();
    return new VisioError(0, { code: "offline", message: "no answer" });
  }

  #judge() {
    const lost = this.#requestLost || this.#socketLost;
    this.become({ connection: lost ? "lost" : this.channels.up ? "up" : "connecting" });
  }

  /** @param {Session | null} session */
  async #follow(session) {
    const userId = session?.user.id ?? null;
    if (session) this.channels.open();
    if (userId === this.#userId && this.state.session !== "unknown") return;
    this.#userId = userId;
    if (!session) {
      await this.channels.close();
      this.become({ session: "out", me: null, problem: null });
      return;
    }
    this.become({ session: "in", me: null, problem: null });
    await this.recognise();
  }

  /** Find out who is signed in; again after it could not be. */
  async recognise() {
    const asked = this.#userId;
    try {
      const me = await this.get("who-am-i");
      if (asked === this.#userId) this.become({ me, problem: null });
    } catch (error) {
      if (asked !== this.#userId || !(error instanceof VisioError)) return;
      this.become({ problem: error });
      if (error.status === 0 || error.status >= 500) setTimeout(() => this.recognise(), 3_000);
    }
  }
}
