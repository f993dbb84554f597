import { Live } from "./live.js";

/**
 * @import { Visio } from "./client.js"
 * @import { Notification } from "./types.js"
 *
 * @typedef {object} Notifications
 * @property {readonly Notification[]} items newest first
 * @property {number} unread how many of them have not been read
 */

/**
 * What somebody was told.
 *
 * @extends {Live<Notifications>}
 */
export class NotificationList extends Live {
  /** @param {Visio} visio */
  constructor(visio) {
    super(visio, { items: [], unread: 0 });
  }

  /** @override */
  async read() {
    const { items } = await this.visio.get("list-notifications", { limit: 30 });
    const unread = items.filter((/** @type {Notification} */ one) => one.readAt === null).length;
    return { items, unread };
  }

  /** @override */
  topics() {
    const { me } = this.visio.state;
    return me ? [`${me.role}:${me.id}:inbox`] : [];
  }

  /** Mark these as read, or all. @param {string[]} [ids] */
  async markRead(ids) {
    await this.visio.post("read-notifications", ids ? { ids } : {});
    await this.refresh();
  }
}
