import { VisioError } from "./client.js";
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
/** For which operator, by id, this browser receives pushes: several may sign in here. */
const received = memory("pushes-for");

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
    this.become({ push: (await this.#receives()) ? "on" : "off" });
  }

  /** Whether they come here, for this operator; the server is told again, which may have forgotten. */
  async #receives() {
    const registration = await navigator.serviceWorker.getRegistration(this.worker);
    const subscription = await registration?.pushManager.getSubscription();
    if (!subscription || received.read() !== this.#me) return false;
    try {
      await this.#tell(subscription);
      return true;
    } catch (error) {
      if (!(error instanceof VisioError)) throw error;
      return false;
    }
  }

  get #me() {
    return this.visio.state.me?.id;
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
    const { pushManager } = await navigator.serviceWorker.register(this.worker);
    const { publicKey } = await this.visio.post("push-subscription", { action: "show" });
    // Another operator's: its address goes, and with it what they would be told here.
    if (received.read() !== this.#me) await (await pushManager.getSubscription())?.unsubscribe();
    const subscription = await pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: publicKey,
    });
    try {
      await this.#tell(subscription);
    } catch (error) {
      await subscription.unsubscribe();
      throw error;
    }
    received.write(this.#me);
    this.become({ push: "on" });
  }

  /** @param {PushSubscription} subscription */
  async #tell(subscription) {
    const body = { action: "subscribe", subscription: subscription.toJSON() };
    await this.visio.post("push-subscription", body, { quiet: true });
  }

  async stopPushes() {
    const registration = await navigator.serviceWorker.getRegistration(this.worker);
    const subscription = await registration?.pushManager.getSubscription();
    if (subscription) {
      const { endpoint } = subscription;
      await this.visio.post("push-subscription", { action: "unsubscribe", endpoint });
      await subscription.unsubscribe();
    }
    received.write(null);
    this.become({ push: "off" });
  }
}

/** @returns {Alerts["desktop"]} */
function desktop() {
  if (!("Notification" in window)) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && wanted.read() ? "on" : "off";
}
