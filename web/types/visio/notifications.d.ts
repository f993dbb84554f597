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
export class NotificationList extends Live<Notifications> {
    /** @param {Visio} visio */
    constructor(visio: Visio);
    /** @override */
    override read(): Promise<{
        items: any;
        unread: any;
    }>;
    /** Mark these as read, or all. @param {string[]} [ids] */
    markRead(ids?: string[]): Promise<void>;
}
export type Notifications = {
    /**
     * newest first
     */
    items: readonly Notification[];
    /**
     * how many of them have not been read
     */
    unread: number;
};
import { Live } from "./live.js";
import type { Visio } from "./client.js";
import type { Notification } from "./types.js";
