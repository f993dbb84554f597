import { Live } from "./live.js";

/**
 * @import { Visio } from "./client.js"
 * @import { ListedMeeting } from "./types.js"
 *
 * @typedef {object} Meetings
 * @property {readonly ListedMeeting[]} live what is to come and what is under way, soonest first
 * @property {readonly ListedMeeting[] | null} past what is over, latest first; null until asked for
 */

const DAY = 24 * 60 * 60_000;

/**
 * Somebody's meetings.
 *
 * @extends {Live<Meetings>}
 */
export class Agenda extends Live {
  #remembers = false;

  /** @param {Visio} visio */
  constructor(visio) {
    super(visio, { live: [], past: null });
  }

  /** @override */
  async read() {
    const [running, coming] = await this.#lists(100, "in_progress", "scheduled");
    const past = this.#remembers ? await this.#lists(10, "completed", "cancelled") : null;
    return {
      live: [...(running ?? []), ...(coming ?? [])].sort(soonest),
      past: past && past.flat().sort((one, other) => soonest(other, one)),
    };
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

  /** Read what is over too, from now on. */
  async remember() {
    this.#remembers = true;
    await this.refresh();
  }

  /**
   * @param {number} limit
   * @param {ListedMeeting["status"][]} statuses
   * @returns {Promise<ListedMeeting[][]>}
   */
  #lists(limit, ...statuses) {
    const asked = statuses.map((status) => this.visio.get("list-meetings", { status, limit }));
    return Promise.all(asked.map(async (page) => (await page).items));
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
