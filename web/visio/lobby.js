import { VisioError } from "./client.js";
import { every } from "./every.js";
import { Live } from "./live.js";

/**
 * @import { Visio } from "./client.js"
 * @import { DeviceResult, LobbyState, NextStep, Waiting } from "./types.js"
 *
 * @typedef {"unknown" | "outside" | "waiting" | "admitted" | "denied" | "removed" | "cancelled"
 *   | "over" | "absent"} Phase
 * where the client stands: `outside` has not knocked or has left; `removed` was put out by the
 * operator; `absent` is a meeting that is not theirs, or is not there at all
 *
 * @typedef {object} AtLobby
 * @property {Phase} phase
 * @property {LobbyState | null} lobby the server's own words
 * @property {number} ahead ms by which the server's clock is ahead of this one
 *
 * @typedef {object} Room
 * @property {readonly Waiting[]} items in order of arrival
 * @property {number} ahead
 */

// A sign of life every 15 s: without it a knock is away after 30 s, and gone after two minutes.
const RENEW = 15_000;

/**
 * The lobby of one meeting, as either party sees it.
 *
 * Nothing here lets anybody in: a page shows what the server has said.
 *
 * @extends {Live<AtLobby>}
 */
export class Lobby extends Live {
  /** @type {string | null} */
  #etag = null;
  /** @type {(() => void) | null} */
  #renewing = null;
  // The last sign of life, settled once it was answered.
  #signOfLife = Promise.resolve();
  /** @type {DeviceResult} */
  #devices = "untested";

  /**
   * @param {Visio} visio
   * @param {string} meetingId
   */
  constructor(visio, meetingId) {
    super(visio, { phase: "unknown", lobby: null, ahead: 0 });
    this.meetingId = meetingId;
  }

  /** @override */
  async read() {
    try {
      const { data, etag } = await this.visio.send("GET", "lobby-state", {
        query: { meetingId: this.meetingId },
        etag: this.#etag,
      });
      if (!data) return {};
      this.#etag = etag;
      return this.#seen(data);
    } catch (error) {
      if (error instanceof VisioError && (error.status === 404 || error.status === 422)) {
        return /** @type {Partial<AtLobby>} */ ({ phase: "absent" });
      }
      throw error;
    }
  }

  /** @override */
  topics() {
    return [`meeting:${this.meetingId}:status`];
  }

  /** @override */
  get pollAfter() {
    return this.state.lobby?.pollAfterMs ?? 5_000;
  }

  /** @override */
  get rings() {
    return this.state.phase === "waiting";
  }

  /** @override */
  rest() {
    super.rest();
    this.#keepAlive(false);
  }

  /** @override */
  become(/** @type {any} */ changes) {
    super.become(changes);
    // Whoever waits here goes on waiting after a reload as well; but an answer that comes once they
    // have gone from the page gives no sign of life.
    const waits = this.state.phase === "waiting" && this.visio.state.me?.role === "client";
    this.#keepAlive(this.listened && waits);
  }

  /**
   * The client knocks. Devices never stand in the way.
   * @param {DeviceResult} devices
   */
  async knock(devices) {
    this.#devices = devices;
    await this.#signal("client_waiting", { devices });
  }

  /**
   * The client's devices have been tried since.
   * @param {DeviceResult} devices
   */
  async tellDevices(devices) {
    this.#devices = devices;
    const knock = this.state.lobby?.knock;
    if (this.state.phase !== "waiting" || !knock || knock.devices === devices) return;
    await this.#renew();
  }

  /** The client goes. */
  async leave() {
    await this.#signOfLife; // from somebody who has left it would be refused
    await this.#signal("client_left");
  }

  /** The operator is there, and whoever waits comes in. */
  async admit() {
    await this.#signal("operator_joined");
  }

  /** The operator has the client wait again. @param {string} [reason] */
  async sendBack(reason) {
    await this.#signal("back_to_lobby", { reason });
  }

  /**
   * The operator puts the client out.
   * @param {string} reason
   * @param {NextStep} [nextStep]
   */
  async remove(reason, nextStep) {
    await this.#signal("remove", { reason, nextStep });
  }

  /** The operator ends the meeting. */
  async end() {
    await this.#signal("meeting_ended");
  }

  /**
   * A few words to the other party, or a ready-made answer by its key.
   * @param {{ text: string } | { canned: string }} words
   */
  async say(words) {
    this.#take(await this.visio.post("lobby-message", { meetingId: this.meetingId, ...words }));
  }

  /**
   * @param {string} signal
   * @param {object} [more]
   * @param {boolean} [quiet]
   */
  async #signal(signal, more = {}, quiet = false) {
    try {
      const body = { meetingId: this.meetingId, signal, ...more };
      this.#take(await this.visio.post("lobby-signal", body, { quiet }));
    } catch (error) {
      // Refused: what stands there instead is to be seen.
      void this.refresh();
      throw error;
    }
  }

  #renew() {
    this.#signOfLife = this.#live();
    return this.#signOfLife;
  }

  async #live() {
    const knockId = this.state.lobby?.knock?.id;
    try {
      // It names its arrival, so that it knocks no second time when it was just turned away.
      await this.#signal("client_waiting", { knockId, devices: this.#known() }, true);
    } catch (error) {
      if (!(error instanceof VisioError)) throw error;
    }
  }

  /** @param {boolean} waits */
  #keepAlive(waits) {
    if (waits) this.#renewing ??= every(RENEW, () => void this.#renew());
    else {
      this.#renewing?.();
      this.#renewing = null;
    }
  }

  /** What is not known after a reload is left as it was. */
  #known() {
    return this.#devices === "untested" ? undefined : this.#devices;
  }

  /** @param {LobbyState} lobby */
  #take(lobby) {
    this.#etag = null;
    this.become(this.#seen(lobby));
  }

  /**
   * What is newer than what is known; an answer may be overtaken by one that was sent after it.
   * @param {LobbyState} lobby
   * @returns {Partial<AtLobby>}
   */
  #seen(lobby) {
    if (this.state.lobby && lobby.version < this.state.lobby.version) return {};
    const ahead = new Date(lobby.serverTime).getTime() - Date.now();
    return { lobby, phase: phaseOf(lobby), ahead };
  }
}

/**
 * Where the client of a lobby stands.
 * @param {LobbyState} lobby
 * @returns {Phase}
 */
export function phaseOf({ meetingStatus, knock }) {
  if (meetingStatus === "cancelled") return "cancelled";
  if (meetingStatus === "completed") return "over";
  if (!knock) return "outside";
  if (knock.status === "left") return knock.reason || knock.nextStep ? "removed" : "outside";
  return knock.status;
}

/**
 * Everybody who waits, over all the operator's meetings.
 *
 * @extends {Live<Room>}
 */
export class WaitingRoom extends Live {
  /** @type {Set<string> | null} */
  #known = null;
  /** @type {Set<(arrived: readonly Waiting[]) => void>} */
  #callers = new Set();
  #poll = 5_000;

  /** @param {Visio} visio */
  constructor(visio) {
    super(visio, { items: [], ahead: 0 });
  }

  /** @override */
  async read() {
    const { items, pollAfterMs, serverTime } = await this.visio.get("waiting-room");
    this.#poll = pollAfterMs;
    this.#announce(items);
    return { items, ahead: new Date(serverTime).getTime() - Date.now() };
  }

  /** @override */
  topics() {
    const { me } = this.visio.state;
    if (me?.role !== "operator") return [];
    // That they have tried their devices since is told on their meeting's own channel.
    const theirs = this.state.items.map(({ meetingId }) => `meeting:${meetingId}:status`);
    return [`operator:${me.id}:inbox`, ...theirs];
  }

  /** @override */
  get pollAfter() {
    return this.#poll;
  }

  /** @override */
  get rings() {
    return true;
  }

  /** Who has left the page is away by the clock: nothing rings then. @override */
  get pollAnyway() {
    return this.state.items.length ? 15_000 : super.pollAnyway;
  }

  /**
   * Be called with those who have just arrived; who waited when the page was opened, at first.
   * @param {(arrived: readonly Waiting[]) => void} caller
   * @returns {() => void}
   */
  onArrival(caller) {
    this.#callers.add(caller);
    return () => this.#callers.delete(caller);
  }

  /** @param {string} meetingId */
  async admit(meetingId) {
    await this.#do("lobby-signal", { meetingId, signal: "operator_joined" });
  }

  /**
   * Let everybody in whom the operator sees at this moment.
   * @returns {Promise<number>} how many could not be let in
   */
  async admitAll() {
    const meetingIds = this.state.items.slice(0, 50).map((waiting) => waiting.meetingId);
    if (!meetingIds.length) return 0;
    const { items } = await this.#do("admit-clients", { meetingIds });
    return items.filter((/** @type {{ outcome: string }} */ one) => one.outcome === "refused").length;
  }

  /**
   * @param {Waiting} waiting that arrival and no later one
   * @param {string} reason
   * @param {NextStep} nextStep
   */
  async deny({ meetingId, knockId }, reason, nextStep) {
    const body = { meetingId, signal: "entry_denied", knockId, reason, nextStep };
    await this.#do("lobby-signal", body);
  }

  /**
   * @param {string} meetingId
   * @param {{ text: string } | { canned: string }} words
   */
  async say(meetingId, words) {
    await this.#do("lobby-message", { meetingId, ...words });
  }

  /**
   * @param {string} name
   * @param {object} body
   */
  async #do(name, body) {
    try {
      return await this.visio.post(name, body);
    } finally {
      await this.refresh();
    }
  }

  /** @param {readonly Waiting[]} items */
  #announce(items) {
    const known = this.#known;
    this.#known = new Set(items.map((waiting) => waiting.knockId));
    const arrived = items.filter((waiting) => !known?.has(waiting.knockId));
    if (arrived.length) for (const caller of [...this.#callers]) caller(arrived);
  }
}
