import { Live } from "./live.js";
import { newest } from "./newest.js";
import { instantOf, problemsOf } from "./slots.js";
import { Store } from "./store.js";

/**
 * @import { Visio } from "./client.js"
 * @import { SlotProblem } from "./slots.js"
 * @import { ListedRequest } from "./types.js"
 *
 * @typedef {object} Requests
 * @property {readonly ListedRequest[]} items newest first
 * @property {boolean} more whether there are older ones
 *
 * @typedef {"accept" | "reject" | "propose"} Decision
 * @typedef {object} Draft
 * @property {readonly string[]} slots as `datetime-local` fields hold them
 * @property {string} message
 * @property {number} minutes
 * @property {readonly (SlotProblem | null)[]} problems one for each slot; told after a first try
 */

const STEP = 20;

/**
 * Somebody's requests, newest first, kept true while somebody looks.
 *
 * @extends {Live<Requests>}
 */
export class RequestList extends Live {
  #shown = STEP;

  /**
   * @param {Visio} visio
   * @param {{ statuses?: readonly ListedRequest["status"][] }} [which] all where none are named
   */
  constructor(visio, { statuses = [] } = {}) {
    super(visio, { items: [], more: false });
    this.statuses = statuses;
  }

  /** @override */
  async read() {
    const asked = this.statuses.length ? this.statuses : [undefined];
    const lists = await Promise.all(
      asked.map((status) => newest(this.visio, "list-requests", { status }, this.#shown)),
    );
    /** @type {ListedRequest[]} */
    const items = lists.flatMap((list) => list.items);
    items.sort((one, other) => other.createdAt.localeCompare(one.createdAt));
    // Behind the last of one state there may be older ones of it, and newer than another's.
    return {
      items: items.slice(0, this.#shown),
      more: items.length > this.#shown || lists.some((list) => list.more),
    };
  }

  /** @override */
  topics() {
    const { me } = this.visio.state;
    return me ? [`${me.role}:${me.id}:inbox`] : [];
  }

  /** Show older ones too. */
  async showMore() {
    this.#shown += STEP;
    await this.refresh();
  }

  /**
   * The operator accepts one of the slots.
   * @param {string} requestId
   * @param {string} selectedSlot
   */
  async accept(requestId, selectedSlot) {
    await this.#do("decide-request", { requestId, decision: "accept", selectedSlot });
  }

  /**
   * The operator says no.
   * @param {string} requestId
   * @param {string} reason
   */
  async reject(requestId, reason) {
    await this.#do("decide-request", { requestId, decision: "reject", reason });
  }

  /**
   * The operator offers other times.
   * @param {string} requestId
   * @param {string[]} proposedSlots instants
   * @param {string} [message]
   */
  async propose(requestId, proposedSlots, message) {
    const said = message?.trim() || undefined;
    await this.#do("decide-request", {
      requestId,
      decision: "propose",
      proposedSlots,
      message: said,
    });
  }

  /**
   * The client takes one of the times that were offered.
   * @param {string} requestId
   * @param {string} selectedSlot
   */
  async take(requestId, selectedSlot) {
    await this.#do("answer-proposal", { requestId, answer: "accept", selectedSlot });
  }

  /**
   * The client takes none of them, or takes the whole request back.
   * @param {string} requestId
   * @param {"decline" | "withdraw"} answer
   * @param {string} [message]
   */
  async turnDown(requestId, answer, message) {
    await this.#do("answer-proposal", { requestId, answer, message: message?.trim() || undefined });
  }

  /**
   * @param {string} name
   * @param {object} body
   */
  async #do(name, body) {
    try {
      await this.visio.post(name, body);
    } finally {
      // Refused too: somebody else may have been quicker, which is to be seen.
      await this.refresh();
    }
  }
}

/**
 * Up to three times that somebody is choosing, checked on their own clock before they are sent.
 *
 * @extends {Store<Draft>}
 */
export class SlotDraft extends Store {
  #tried = false;
  // One for each content: a second press after a lost answer asks for nothing twice.
  #key = crypto.randomUUID();

  constructor() {
    super({ slots: ["", "", ""], message: "", minutes: 60, problems: [null, null, null] });
  }

  /**
   * @param {number} index
   * @param {string} text
   */
  setSlot(index, text) {
    const slots = this.state.slots.map((slot, at) => (at === index ? text : slot));
    this.#change({ slots });
  }

  /** @param {string} message */
  setMessage(message) {
    this.#change({ message });
  }

  /** @param {number} minutes */
  setMinutes(minutes) {
    this.#change({ minutes });
  }

  /** The times as instants, in the order in which they were wished for. */
  get instants() {
    const found = this.state.slots.map(instantOf).filter((at) => at !== null);
    return found.map((at) => at.toISOString());
  }

  /** Whether all is well; from now on each change is judged at once. */
  check() {
    this.#tried = true;
    this.become({ problems: this.#judged() });
    return this.state.problems.every((problem) => problem === null);
  }

  /**
   * Ask for a meeting at one of these times.
   * @param {Visio} visio
   * @returns {Promise<boolean>} false where a field has to be mended first
   */
  async ask(visio) {
    if (!this.check()) return false;
    const { message, minutes } = this.state;
    await visio.post(
      "request-meeting",
      {
        requestedSlots: this.instants,
        message: message.trim() || undefined,
        durationMinutes: minutes,
      },
      { idempotencyKey: this.#key },
    );
    this.clear();
    return true;
  }

  clear() {
    this.#tried = false;
    this.#key = crypto.randomUUID();
    this.become({ slots: ["", "", ""], message: "", minutes: 60, problems: [null, null, null] });
  }

  /** @param {Partial<Draft>} changes */
  #change(changes) {
    this.#key = crypto.randomUUID();
    this.become(changes);
    if (this.#tried) this.become({ problems: this.#judged() });
  }

  #judged() {
    return problemsOf(this.state.slots, { minutes: this.state.minutes, now: new Date() });
  }
}
