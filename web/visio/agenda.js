import { Live } from "./live.js";

/**
 * @import { Visio } from "./client.js"
 * @import { ListedMeeting } from "./types.js"
 *
 * @typedef {object} Meetings
 * @property {readonly ListedMeeting[]} live what is to come and what is under way, soonest first
 * @property {readonly ListedMeeting[]} past what is over, latest first
 */

/**
 * Somebody's meetings.
 *
 * @extends {Live<Meetings>}
 */
export class Agenda extends Live {
  /** @param {Visio} visio */
  constructor(visio) {
    super(visio, { live: [], past: [] });
  }

  /** @override */
  async read() {
    const asked = /** @type {const} */ (["in_progress", "scheduled", "completed", "cancelled"]);
    const [running, coming, completed, cancelled] = await Promise.all(
      asked.map(async (status) => {
        const limit = status === "in_progress" || status === "scheduled" ? 100 : 10;
        const { items } = await this.visio.get("list-meetings", { status, limit });
        return /** @type {ListedMeeting[]} */ (items);
      }),
    );
    const soonest = (/** @type {ListedMeeting} */ one, /** @type {ListedMeeting} */ other) =>
      one.scheduledAt.localeCompare(other.scheduledAt);
    return {
      live: [...(running ?? []), ...(coming ?? [])].sort(soonest),
      past: [...(completed ?? []), ...(cancelled ?? [])].sort((a, b) => -soonest(a, b)),
    };
  }

  /** @override */
  topics() {
    const { me } = this.visio.state;
    if (!me) return [];
    const soon = this.state.live.slice(0, 20).map((meeting) => `meeting:${meeting.id}:status`);
    return [`${me.role}:${me.id}:inbox`, ...soon];
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
