import { listenTo } from "./level.js";
import { memory } from "./memory.js";
import { Store } from "./store.js";

/**
 * @import { DeviceResult } from "./types.js"
 *
 * @typedef {"camera" | "microphone"} Kind
 * @typedef {"off" | "asking" | "on" | "denied" | "missing" | "busy" | "unsupported" | "insecure"}
 *   Status `busy`: another program has it; `insecure`: the page did not come by https
 * @typedef {{ id: string, label: string }} Device
 *
 * @typedef {object} Attached What there is to choose from, as far as the browser tells.
 * @property {readonly Device[]} cameras
 * @property {readonly Device[]} microphones
 * @property {readonly Device[]} speakers none where the browser does not let one choose
 *
 * @typedef {Attached & Trial} Tried
 *
 * @typedef {object} Trial
 * @property {Status} camera
 * @property {Status} microphone
 * @property {Chosen} chosen by id; empty for whichever the browser takes
 * @property {MediaStream | null} stream what is on
 * @property {number} level of the microphone, from 0 to 1
 * @property {boolean} silent whether nothing has come from it for some seconds
 * @property {boolean | null} heard what the person said of the sound from the speaker
 * @property {DeviceResult} result as the operator is told
 *
 * @typedef {{ camera: string, microphone: string, speaker: string }} Chosen
 */

const kept = memory("devices");
/** @type {readonly Kind[]} */
const KINDS = ["camera", "microphone"];
/** @type {Record<Kind, "video" | "audio">} */
const MEDIA = { camera: "video", microphone: "audio" };
const NEAR = 0.03;

/**
 * Camera, microphone and speaker, tried before a meeting.
 *
 * Nothing starts by itself, and what is turned off is off: its light goes out. One that fails does
 * not take the other with it.
 *
 * @extends {Store<Tried>}
 */
export class Devices extends Store {
  /** What was found to work; null where it was not tried. @type {Record<Kind, boolean | null>} */
  #works = { camera: null, microphone: null };
  #deaf = () => {};
  /** Counts what is asked of each: what was asked before is of no use any more. */
  #turns = { camera: 0, microphone: 0 };

  constructor() {
    super({
      camera: "off",
      microphone: "off",
      cameras: [],
      microphones: [],
      speakers: [],
      chosen: { camera: "", microphone: "", speaker: "", ...kept.read() },
      stream: null,
      level: 0,
      silent: false,
      heard: null,
      result: "untested",
    });
  }

  /** Try camera and microphone; the browser asks the person. */
  async start() {
    await this.#open(KINDS);
  }

  /** Everything off. */
  stop() {
    for (const kind of KINDS) this.#turns[kind]++;
    for (const track of this.state.stream?.getTracks() ?? []) end(track);
    this.#deaf();
    this.#deaf = () => {};
    navigator.mediaDevices?.removeEventListener("devicechange", this.#changed);
    const off = (/** @type {Kind} */ kind) => (usable(this.state[kind]) ? "off" : this.state[kind]);
    this.become({
      stream: null,
      level: 0,
      silent: false,
      camera: off("camera"),
      microphone: off("microphone"),
    });
  }

  /** Turn one of them on or off. @param {Kind} kind */
  async toggle(kind) {
    if (this.state[kind] === "on") this.#close(kind, "off");
    else await this.#open([kind]);
  }

  /**
   * Take another device, now and next time.
   * @param {keyof Chosen} kind
   * @param {string} id
   */
  async choose(kind, id) {
    const chosen = { ...this.state.chosen, [kind]: id };
    kept.write(chosen);
    this.become({ chosen, ...(kind === "speaker" ? { heard: null } : {}) });
    if (kind === "speaker" || !usable(this.state[kind])) return;
    // First off: some cameras cannot be opened twice.
    this.#close(kind, "asking");
    await this.#open([kind]);
  }

  /**
   * Whether the person heard the sound from the speaker; null while they are being asked.
   * @param {boolean | null} heard
   */
  confirmHeard(heard) {
    this.become({ heard });
  }

  /** @param {readonly Kind[]} kinds */
  async #open(kinds) {
    for (const kind of kinds) this.#turns[kind]++;
    const turns = { ...this.#turns };
    const missing = unsupported();
    if (missing) {
      this.#judge(Object.fromEntries(kinds.map((kind) => [kind, missing])));
      return;
    }
    this.become(/** @type {Partial<Tried>} */ (Object.fromEntries(kinds.map((kind) => [kind, "asking"]))));
    const { tracks, found } = await acquire(kinds, this.state.chosen);
    const still = (/** @type {Kind} */ kind) => turns[kind] === this.#turns[kind];
    // Stopped, or asked for anew, while the browser was asking.
    for (const track of tracks) if (!still(kindOf(track))) end(track);
    const wanted = kinds.filter(still);
    if (!wanted.length) return;
    navigator.mediaDevices.addEventListener("devicechange", this.#changed);
    this.#take(tracks.filter((track) => still(kindOf(track))));
    this.#judge(Object.fromEntries(wanted.map((kind) => [kind, found[kind]])));
    await this.#list();
  }

  /** @param {MediaStreamTrack[]} tracks */
  #take(tracks) {
    const kept = this.state.stream?.getTracks() ?? [];
    const stream = new MediaStream([...kept, ...tracks]);
    for (const track of tracks) {
      const kind = kindOf(track);
      // Unplugged, or taken back in the browser's own settings.
      track.onended = () => this.#close(kind, "missing");
      if (kind === "microphone") this.#hear(track);
    }
    this.become({ stream });
  }

  /** @param {MediaStreamTrack} track */
  #hear(track) {
    this.#deaf();
    this.#deaf = listenTo(track, (level, silent) => {
      const near = Math.abs(level - this.state.level) < NEAR;
      if (!near || silent !== this.state.silent) this.become({ level, silent });
    });
  }

  /** @param {Kind} kind @param {Status} status */
  #close(kind, status) {
    const tracks = this.state.stream?.getTracks() ?? [];
    const [gone, left] = [[], []].map(() => /** @type {MediaStreamTrack[]} */ ([]));
    for (const track of tracks) (track.kind === MEDIA[kind] ? gone : left)?.push(track);
    for (const track of gone ?? []) end(track);
    if (kind === "microphone") {
      this.#deaf();
      this.#deaf = () => {};
      this.become({ level: 0, silent: false });
    }
    this.become({ stream: left?.length ? new MediaStream(left) : null });
    this.#judge({ [kind]: status });
    if (status === "missing") void this.#list();
  }

  /** @param {Partial<Record<Kind, Status>>} found */
  #judge(found) {
    for (const [kind, status] of /** @type {[Kind, Status][]} */ (Object.entries(found))) {
      if (status === "on") this.#works[kind] = true;
      else if (status !== "off" && status !== "asking") this.#works[kind] = false;
    }
    this.become({ ...found, result: resultOf(this.#works) });
  }

  #changed = () => void this.#list();

  async #list() {
    this.become(await attached());
  }
}

/**
 * The devices of which the browser tells; of none before one of their kind was allowed.
 * @returns {Promise<Attached>}
 */
export async function attached() {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const of = (/** @type {MediaDeviceKind} */ kind) =>
    all
      .filter((device) => device.kind === kind && device.deviceId)
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
  return {
    cameras: of("videoinput"),
    microphones: of("audioinput"),
    speakers: "setSinkId" in (window.AudioContext?.prototype ?? {}) ? of("audiooutput") : [],
  };
}

/**
 * What can be had of these, together if possible: the browser asks once then.
 * @param {readonly Kind[]} kinds
 * @param {Chosen} chosen
 * @returns {Promise<{ tracks: MediaStreamTrack[], found: Partial<Record<Kind, Status>> }>}
 */
async function acquire(kinds, chosen) {
  /** @type {MediaStreamConstraints} */
  const wanted = {};
  // Exact: Chromium takes no notice of a device that is merely ideal.
  for (const kind of kinds) {
    wanted[MEDIA[kind]] = chosen[kind] ? { deviceId: { exact: chosen[kind] } } : true;
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia(wanted);
    return {
      tracks: stream.getTracks(),
      found: Object.fromEntries(kinds.map((kind) => [kind, "on"])),
    };
  } catch (error) {
    const gone = error instanceof DOMException && error.name === "OverconstrainedError";
    // That one is not plugged in: another one is better than none.
    if (gone) return acquire(kinds, { ...chosen, camera: "", microphone: "" });
    if (kinds.length === 1 && kinds[0]) return { tracks: [], found: { [kinds[0]]: why(error) } };
    const parts = [];
    for (const kind of kinds) parts.push(await acquire([kind], chosen));
    return {
      tracks: parts.flatMap((part) => part.tracks),
      found: Object.assign({}, ...parts.map((part) => part.found)),
    };
  }
}

/**
 * What a browser means by its error.
 * @param {unknown} error
 * @returns {Status}
 */
function why(error) {
  const name = error instanceof DOMException ? error.name : "TypeError";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  return name === "TypeError" ? "unsupported" : "busy";
}

/** @returns {"insecure" | "unsupported" | null} */
function unsupported() {
  if (!window.isSecureContext) return "insecure";
  return "mediaDevices" in navigator ? null : "unsupported";
}

/** @param {Record<Kind, boolean | null>} works @returns {DeviceResult} */
function resultOf({ camera, microphone }) {
  if (camera === null && microphone === null) return "untested";
  // Whoever cannot be heard cannot take part: a camera alone is as good as nothing.
  if (!microphone) return "none";
  return camera ? "ready" : "sound_only";
}

/** @param {Status} status */
const usable = (status) => status === "on" || status === "asking";

/** @param {MediaStreamTrack} track @returns {Kind} */
const kindOf = (track) => (track.kind === MEDIA.camera ? "camera" : "microphone");

/** @param {MediaStreamTrack} track */
function end(track) {
  track.onended = null;
  track.stop();
}

/**
 * Whose settings a person has to look for.
 * @returns {"ios" | "safari" | "firefox" | "chromium"}
 */
export function browserFamily() {
  const agent = navigator.userAgent;
  // An iPad says that it is a Mac; no Mac has a screen to touch.
  if (/iPhone|iPad/.test(agent) || (/Mac/.test(agent) && navigator.maxTouchPoints > 1)) return "ios";
  if (/Firefox\//.test(agent)) return "firefox";
  return /Chrom(e|ium)\//.test(agent) ? "chromium" : "safari";
}
