import { Alone } from "./alone.js";
import { Call } from "./call.js";
import { VisioError } from "./client.js";
import { Lobby } from "./lobby.js";
import { Store } from "./store.js";

/**
 * @import { Visio } from "./client.js"
 * @import { Phase } from "./lobby.js"
 * @import { Ticket } from "./types.js"
 *
 * @typedef {"sent_back" | "removed" | "denied" | "left" | "cancelled" | "over" | "absent"} Why
 * one is not in the room any more
 *
 * @typedef {object} Inside
 * @property {"idle" | "entering" | "elsewhere" | "facts" | "link" | "call" | "lost" | "refused"
 *   | "out"} phase
 *   `elsewhere`: another tab has the room; `facts`: no room's server is there to be entered;
 *   `link`: the room is on another service's pages; `lost`: to be tried again
 * @property {{ provider: string, host: string, expiresAt: string } | null} facts of the ticket:
 *   never what opens the room
 * @property {Call | null} call
 * @property {Why | null} why one is out
 * @property {VisioError | null} problem why there is no ticket
 */

/**
 * The main room of one meeting.
 *
 * Its ticket is asked for on the way in and kept nowhere: not in the state, an address, or a
 * storage. While somebody is in, the lobby says whether they still may be.
 *
 * @extends {Store<Inside>}
 */
export class MainRoom extends Store {
  #visio;
  #roomServer;
  #alone;
  #turn = 0;
  /** Whether the lobby has been read since the ticket was given. */
  #judged = false;
  #undo = () => {};

  /**
   * @param {Visio} visio
   * @param {string} meetingId
   * @param {{ roomServer: boolean }} how whether the server that tickets name is there
   */
  constructor(visio, meetingId, { roomServer }) {
    super({ phase: "idle", facts: null, call: null, why: null, problem: null });
    this.#visio = visio;
    this.#roomServer = roomServer;
    this.#alone = new Alone(`visio-room-${meetingId}`, () => this.#elsewhere());
    this.lobby = new Lobby(visio, meetingId);
  }

  /**
   * Go in, with a new ticket.
   * @param {{ steal?: boolean }} [how] `steal` has another tab go out
   */
  async enter({ steal = false } = {}) {
    const turn = this.#begin();
    if (!(await this.#alone.take({ steal }))) {
      if (turn === this.#turn) this.become({ phase: "elsewhere" });
      return;
    }
    if (turn !== this.#turn) return;
    this.#follow();
    try {
      const ticket = await this.#ticket();
      await this.lobby.refresh();
      if (turn !== this.#turn) return;
      this.#judged = true;
      this.#take(ticket);
      this.#judge();
    } catch (error) {
      if (!(error instanceof VisioError)) throw error;
      if (turn === this.#turn) this.#refuse(error);
    }
  }

  /** Go to the other service's pages, with a ticket that is fresh. */
  async open() {
    const { provider, url, token } = await this.#ticket();
    // Behind the sign that no browser sends on, and so into nobody's log. Jitsi reads JSON there.
    const opens = provider === "jitsi" ? `#jwt=${encodeURIComponent(JSON.stringify(token))}` : "";
    location.assign(url + opens);
  }

  /** Go out, and tell so: a client has left then, an operator may come back. */
  async leave() {
    this.close();
    // At once: whether the server hears of it or not, one is out.
    this.become({ phase: "out", why: "left" });
    if (this.#visio.state.me?.role === "client") await this.lobby.leave();
  }

  /** Be gone from this page: everything off, nobody told. */
  close() {
    this.#turn++;
    this.#hangUp();
    this.#undo();
    this.#undo = () => {};
    this.#alone.release();
    this.become({ phase: "idle", facts: null });
  }

  #begin() {
    this.#hangUp();
    this.#judged = false;
    this.become({ phase: "entering", facts: null, why: null, problem: null });
    return ++this.#turn;
  }

  /** @returns {Promise<Ticket>} */
  #ticket() {
    return this.#visio.post("join-meeting", { meetingId: this.lobby.meetingId });
  }

  /** @param {Ticket} ticket */
  #take({ provider, url, token, expiresAt }) {
    const facts = { provider, host: new URL(url).host, expiresAt };
    if (provider !== "livekit") this.become({ phase: "link", facts });
    else if (!this.#roomServer) this.become({ phase: "facts", facts });
    else this.#connect(url, token);
  }

  /** @param {string} url @param {string} token */
  #connect(url, token) {
    const call = new Call();
    const unsubscribe = call.subscribe(() => {
      const { connection } = call.state;
      if (connection === "closed") unsubscribe();
      else if (connection === "elsewhere") this.#elsewhere();
      else if (connection === "lost") this.#lose();
    });
    this.become({ phase: "call", call });
    void call.connect(url, token);
  }

  #hangUp() {
    const { call } = this.state;
    this.become({ call: null });
    void call?.close();
  }

  /** The room's server does not say why: the lobby does, if there is a reason. */
  #lose() {
    this.#hangUp();
    this.become({ phase: "lost" });
    void this.lobby.refresh();
  }

  #elsewhere() {
    this.#turn++;
    this.#hangUp();
    this.#alone.release();
    this.become({ phase: "elsewhere", facts: null });
  }

  /** @param {VisioError} problem */
  #refuse(problem) {
    const again = problem.status === 0 || problem.status === 429 || problem.status >= 500;
    this.become({ phase: again ? "lost" : "refused", problem });
  }

  #follow() {
    this.#undo();
    const unsubscribe = this.lobby.subscribe(() => this.#judge());
    const online = () => void (this.state.phase === "lost" && this.enter());
    addEventListener("online", online);
    this.#undo = () => {
      unsubscribe();
      removeEventListener("online", online);
    };
  }

  #judge() {
    if (!this.#judged) return;
    const why = whyOut(this.lobby.state.phase, this.#visio.state.me?.role ?? "client");
    const { phase, why: before } = this.state;
    if (phase === "out") {
      // Whoever waits on this page is let in on this page.
      if (before === "sent_back" && why === null) void this.enter();
      else if (why) this.become({ why });
    } else if (why && phase !== "elsewhere" && phase !== "idle") {
      this.#turn++;
      this.#hangUp();
      this.become({ phase: "out", why, facts: null });
    }
  }
}

/**
 * Why this party may not be in the room; null for as long as it may.
 * @param {Phase} phase
 * @param {"client" | "operator"} role
 * @returns {Why | null}
 */
function whyOut(phase, role) {
  if (phase === "over" || phase === "cancelled" || phase === "absent") return phase;
  if (role === "operator" || phase === "admitted" || phase === "unknown") return null;
  if (phase === "waiting") return "sent_back";
  return phase === "outside" ? "left" : phase;
}
