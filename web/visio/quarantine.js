import { Live } from "./live.js";

/**
 * @import { Visio } from "./client.js"
 * @import { ListedClient, Quarantined } from "./types.js"
 *
 * @typedef {object} Waiting
 * @property {readonly Quarantined[]} items newest first
 */

/**
 * Cal.com's bookings that wait for the operator: bound to nobody, or in another meeting's way.
 *
 * @extends {Live<Waiting>}
 */
export class Quarantine extends Live {
  /** @param {Visio} visio */
  constructor(visio) {
    super(visio, { items: [] });
  }

  /** @override */
  async read() {
    const { items } = await this.visio.get("list-quarantine", { limit: 50 });
    return { items };
  }

  /** @override */
  topics() {
    const { me } = this.visio.state;
    return me ? [`${me.role}:${me.id}:inbox`] : [];
  }

  /**
   * The operator's clients whose name or e-mail holds these words.
   * @param {string} search
   * @returns {Promise<readonly ListedClient[]>}
   */
  async clients(search) {
    return (await this.visio.get("list-clients", { search, limit: 100 })).items;
  }

  /**
   * These bookings are that client's.
   * @param {string} id
   * @param {string} clientId
   */
  async assign(id, clientId) {
    return this.#resolve({ id, resolution: "assign", clientId });
  }

  /**
   * The way is clear by now; or none of it is wanted.
   * @param {string} id
   * @param {"apply" | "dismiss"} resolution
   */
  async settle(id, resolution) {
    return this.#resolve({ id, resolution });
  }

  /** @param {object} body */
  async #resolve(body) {
    try {
      return await this.visio.post("resolve-quarantine", body);
    } finally {
      await this.refresh();
    }
  }
}
