import { memory } from "./memory.js";
import { Store } from "./store.js";

/**
 * @import { Visio } from "./client.js"
 *
 * @typedef {object} Alerts
 * @property {"unsupported" | "denied" | "off" | "on"} desktop notes of this browser's own
 * @property {"unsupported" | "off" | "on"} push the same with no page open
 */

const wanted = memory("desktop-alerts");

/**
 * How an operator who looks elsewhere is told that somebody waits.
 *
 * @extends {Store<Alerts>}
 */
export class DesktopAlerts extends Store {
  /**
   * @param {Visio} visio
   * @param {string} worker the address of the script that receives pushes
   */
  constructor(visio, worker) {
    super({ desktop: desktop(), push: "unsupported" });
    this.visio = visio;
    this.worker = worker;
  }

  /** See what this browser can do and has been told already. */
  async look() {
    this.become({ desktop: desktop() });
    if (!("serviceWorker" in navigator) || !("PushManager" in window)) return;
    const registration = await navigator.serviceWorker.getRegistration(this.worker);
    const subscribed = await registration?.pushManager.getSubscription();
    this.become({ push: subscribed ? "on" : "off" });
  }

  /** Ask the person for leave to show notes; must follow a press of theirs. */
  async allow() {
    if (!("Notification" in window)) return;
    const leave = await Notification.requestPermission();
    wanted.write(leave === "granted");
    this.become({ desktop: desktop() });
  }

  /** Show none any more, from this page. */
  silence() {
    wanted.write(false);
    this.become({ desktop: desktop() });
  }

  /**
   * Show a note, where that is wanted and nobody looks at the page.
   * @param {string} title
   * @param {string} body names nobody: anybody may look at a screen
   */
  note(title, body) {
    if (this.state.desktop !== "on" || document.visibilityState === "visible") return;
    try {
      // One tag: a second arrival replaces the note and rings again.
      const options = /** @type {NotificationOptions} */ ({ body, tag: "waiting", renotify: true });
      const shown = new Notification(title, options);
      shown.onclick = () => {
        window.focus();
        shown.close();
      };
    } catch {
      // Android shows them by a service worker only: pushes do it there.
    }
  }

  /** Be told with no page open. Rejects with a VisioError, or where the browser's service refuses. */
  async receivePushes() {
    const registration = await navigator.serviceWorker.register(this.worker);
    const { publicKey } = await this.visio.post("push-subscription", { action: "show" });
    const subscription = await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: publicKey,
    });
    await this.visio.post("push-subscription", { action: "subscribe", subscription: subscription.toJSON() });
    this.become({ push: "on" });
  }

  async stopPushes() {
    const registration = await navigator.serviceWorker.getRegistration(this.worker);
    const subscription = await registration?.pushManager.getSubscription();
    if (subscription) {
      const { endpoint } = subscription;
      await this.visio.post("push-subscription", { action: "unsubscribe", endpoint });
      await subscription.unsubscribe();
    }
    this.become({ push: "off" });
  }
}

/** @returns {Alerts["desktop"]} */
function desktop() {
  if (!("Notification" in window)) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && wanted.read() ? "on" : "off";
}
