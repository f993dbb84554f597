import { Live } from "./live.js";
import { newest } from "./newest.js";

/**
 * @import { Visio } from "./client.js"
 * @import { ListedMeeting } from "./types.js"
 *
 * @typedef {object} Meetings
 * @property {readonly ListedMeeting[]} live what is to come and what is under way, soonest first
 * @property {readonly ListedMeeting[] | null} past what is over, latest first; null until asked for
 * @property {boolean} more whether more is over than that
 */

const DAY = 24 * 60 * 60_000;
const STEP = 10;
// The list is in the order of booking. What was booked before so many others hardly comes after
// them: with these the ten latest are among the hundred that one page has.
const SLACK = 90;

/**
 * Somebody's meetings.
 *
 * @extends {Live<Meetings>}
 */
export class Agenda extends Live {
  #remembered = 0;

  /** @param {Visio} visio */
  constructor(visio) {
    super(visio, { live: [], past: null, more: false });
  }

  /** @override */
  async read() {
    const live = await this.#those(Infinity, "in_progress", "scheduled");
    const shown = this.#remembered;
    if (!shown) return { live: live.items };
    const past = await this.#those(shown + SLACK, "completed", "cancelled");
    const latest = past.items.reverse().slice(0, shown);
    return { live: live.items, past: latest, more: past.more || past.items.length > shown };
  }

  /** @override */
  topics() {
    const { me } = this.visio.state;
    if (!me) return [];
    // What is far away is told on the inbox, or can wait.
    const near = this.state.live.filter(
      (meeting) => new Date(meeting.scheduledAt).getTime() < Date.now() + DAY,
    );
    return [`${me.role}:${me.id}:inbox`, ...near.map(({ id }) => `meeting:${id}:status`)];
  }

  /** Read what is over too, from now on; more of it with each call. */
  async remember() {
    this.#remembered += STEP;
    await this.refresh();
  }

  /**
   * @param {number} most of each
   * @param {ListedMeeting["status"][]} statuses
   * @returns {Promise<{ items: ListedMeeting[], more: boolean }>} soonest first
   */
  async #those(most, ...statuses) {
    const lists = await Promise.all(
      statuses.map((status) => newest(this.visio, "list-meetings", { status }, most)),
    );
    const items = lists.flatMap((list) => list.items).sort(soonest);
    return { items, more: lists.some((list) => list.more) };
  }

  /**
   * Call a scheduled meeting off.
   * @param {string} meetingId
   * @param {string} reason
   */
  async cancel(meetingId, reason) {
    try {
      await this.visio.post("cancel-meeting", { meetingId, reason });
    } finally {
      await this.refresh();
    }
  }

  /**
   * A meeting as a calendar file.
   * @param {string} meetingId
   */
  async file(meetingId) {
    return this.visio.file("calendar-file", { meetingId });
  }
}

/** @param {ListedMeeting} one @param {ListedMeeting} other */
function soonest(one, other) {
  return one.scheduledAt.localeCompare(other.scheduledAt);
}
