/** @import { RealtimeChannel, SupabaseClient } from "@supabase/supabase-js" */

const RETRIES = [1_000, 2_000, 5_000, 10_000, 30_000];
// A socket that comes back within this time was not lost: nobody needs to be told.
const GRACE = 2_500;

/**
 * Private channels, each joined once however many listen.
 *
 * An event is a bell: it says that something has changed, and the truth is read from a function.
 * Whoever listens is also called when a channel has been joined, at first and again, since what
 * happened before was not heard.
 */
export class Channels {
  /** @type {Map<string, Joined>} */
  #joined = new Map();
  #supabase;
  #tell;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #losing;
  #lost = false;
  #open = false;

  /**
   * @param {SupabaseClient<any, any, any>} supabase
   * @param {(up: boolean) => void} tell whether every channel is joined, after a moment's grace
   */
  constructor(supabase, tell) {
    this.#supabase = supabase;
    this.#tell = tell;
  }

  /** Whether every channel that somebody listens to is joined. */
  get up() {
    return [...this.#joined.values()].every((one) => one.up || one.refused);
  }

  /**
   * Whether this one is joined, so that nothing need be asked at short intervals.
   * @param {string} topic
   */
  hears(topic) {
    return this.#joined.get(topic)?.up ?? false;
  }

  /**
   * Ring `bell` for every event on a topic, and whenever it has been joined.
   * @param {string} topic
   * @param {(event: string | null) => void} bell null where it has just been joined
   * @returns {() => void} listen no more
   */
  listen(topic, bell) {
    let joined = this.#joined.get(topic);
    if (!joined) {
      joined = new Joined(this.#supabase, topic, () => this.#judge());
      this.#joined.set(topic, joined);
      if (this.#open) void joined.join();
    } else if (joined.up) queueMicrotask(() => bell(null));
    const { bells } = joined;
    bells.add(bell);
    return () => {
      bells.delete(bell);
      // Not at once: what is drawn anew listens again in a moment.
      setTimeout(() => this.#leaveUnheard(topic, joined), 1_000);
    };
  }

  /** Somebody is signed in, or their token is a new one: join, and go on with it. */
  open() {
    const first = !this.#open;
    this.#open = true;
    // Without a token of ours: supabase-js asks for the session's, now and after each reconnection.
    void this.#supabase.realtime.setAuth();
    for (const joined of this.#joined.values()) if (first || joined.refused) void joined.join();
  }

  /** Leave everything: somebody signs out. */
  async close() {
    this.#open = false;
    const all = [...this.#joined.values()];
    this.#joined.clear();
    await Promise.all(all.map((joined) => joined.leave()));
    this.#judge();
  }

  /**
   * @param {string} topic
   * @param {Joined} joined
   */
  #leaveUnheard(topic, joined) {
    if (joined.bells.size || this.#joined.get(topic) !== joined) return;
    this.#joined.delete(topic);
    void joined.leave();
    this.#judge();
  }

  #judge() {
    if (this.up) {
      clearTimeout(this.#losing);
      this.#losing = undefined;
      this.#lost = false;
      this.#tell(true);
    } else if (this.#lost) this.#tell(false);
    else {
      this.#losing ??= setTimeout(() => {
        this.#lost = true;
        this.#tell(false);
      }, GRACE);
    }
  }
}

/** One topic. A close by the server is final for a channel, so a new one is made. */
class Joined {
  /** @type {Set<(event: string | null) => void>} */
  bells = new Set();
  up = false;
  refused = false;
  /** @type {RealtimeChannel | null} */
  #channel = null;
  #wanted = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retrying;
  #tries = 0;
  #supabase;
  #topic;
  #changed;

  /**
   * @param {SupabaseClient<any, any, any>} supabase
   * @param {string} topic
   * @param {() => void} changed
   */
  constructor(supabase, topic, changed) {
    this.#supabase = supabase;
    this.#topic = topic;
    this.#changed = changed;
  }

  async join() {
    this.#wanted = true;
    this.refused = false;
    clearTimeout(this.#retrying);
    // Before the first subscription: else it goes out as anybody's, and is refused.
    await this.#supabase.realtime.setAuth();
    if (this.#channel || !this.#wanted) return;
    const channel = this.#supabase.channel(this.#topic, { config: { private: true } });
    this.#channel = channel;
    channel
      .on("broadcast", { event: "*" }, ({ event }) => this.#ring(event))
      .subscribe((status, error) => {
        if (channel !== this.#channel) return;
        if (status === "SUBSCRIBED") {
          this.#tries = 0;
          this.#set(true);
          this.#ring(null);
        } else if (status === "CLOSED") this.#again();
        else if (/Unauthorized|PrivateOnly/.test(error?.message ?? "")) this.#refuse();
        else this.#set(false); // the library joins again by itself
      });
  }

  async leave() {
    this.#wanted = false;
    clearTimeout(this.#retrying);
    const channel = this.#channel;
    this.#channel = null;
    this.up = false;
    if (channel) await this.#supabase.removeChannel(channel);
  }

  #again() {
    this.#drop();
    const wait = RETRIES[Math.min(this.#tries++, RETRIES.length - 1)];
    this.#retrying = setTimeout(() => this.#wanted && this.join(), wait);
    this.#set(false);
  }

  #refuse() {
    this.#drop();
    this.refused = true;
    this.#set(false);
  }

  #drop() {
    const channel = this.#channel;
    this.#channel = null;
    // Outside its own callback: removed inside, it calls back once more before it is gone.
    if (channel) setTimeout(() => this.#supabase.removeChannel(channel));
  }

  /** @param {string | null} event */
  #ring(event) {
    for (const bell of [...this.bells]) bell(event);
  }

  /** @param {boolean} up */
  #set(up) {
    this.up = up;
    this.#changed();
  }
}
