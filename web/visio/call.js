import { attached } from "./devices.js";
import { memory } from "./memory.js";
import { Store } from "./store.js";

/**
 * @import { LocalParticipant, LocalTrack, Participant, RemoteTrack, Room, Track } from "livekit-client"
 * @import { Attached, Chosen, Kind } from "./devices.js"
 *
 * @typedef {object} Tile One person in the room.
 * @property {string} id
 * @property {boolean} mine
 * @property {Track | null} picture null while their camera is off
 * @property {Track | null} sound never one's own
 * @property {boolean} muted
 * @property {boolean} speaking
 *
 * @typedef {Attached & Line} Connected
 *
 * @typedef {object} Line
 * @property {"connecting" | "on" | "reconnecting" | "lost" | "elsewhere" | "closed"} connection
 *   `lost` by itself; `elsewhere`: the same person has come in from somewhere else
 * @property {readonly Tile[]} tiles one's own first
 * @property {boolean} camera
 * @property {boolean} microphone
 * @property {boolean} quiet whether the browser waits for a press before it lets anybody be heard
 * @property {Trouble | null} trouble with a device
 * @property {Chosen} chosen by id; empty for whichever the browser takes
 *
 * @typedef {{ kind: keyof Chosen, why: "denied" | "missing" | "busy" }} Trouble
 */

// What was chosen before the meeting, and what was on when the last one was left.
const chosen = memory("devices");
const kept = memory("room");
const DONE = Promise.resolve();
// To be said: where nothing is, LiveKit asks for what it was last switched to, and for nothing else.
const ANY = { ideal: "default" };
/** @type {Record<keyof Chosen, MediaDeviceKind>} */
const MEDIA = { camera: "videoinput", microphone: "audioinput", speaker: "audiooutput" };

/**
 * A call on a LiveKit server. Its library is loaded by whoever calls, and by nobody else.
 *
 * @extends {Store<Connected>}
 */
export class Call extends Store {
  /** @type {Room | null} */
  #room = null;
  /** @type {typeof import("livekit-client") | null} */
  #livekit = null;
  #closed = false;
  // What was last had of each; `chosen` in the state is what is wanted, had or not.
  #taken = { ...this.state.chosen };
  /** What was asked for last. @type {Partial<Chosen>} */
  #wanted = {};
  /** What is under way with each: one thing at a time. @type {Record<keyof Chosen, Promise<void>>} */
  #line = { camera: DONE, microphone: DONE, speaker: DONE };

  constructor() {
    super({
      connection: "connecting",
      tiles: [],
      camera: false,
      microphone: false,
      quiet: false,
      trouble: null,
      cameras: [],
      microphones: [],
      speakers: [],
      chosen: { camera: "", microphone: "", speaker: "", ...chosen.read() },
    });
  }

  /**
   * Go in; `connection` tells what became of it. Camera and microphone are as they were last time,
   * and off at first.
   * @param {string} url
   * @param {string} token which is kept nowhere
   */
  async connect(url, token) {
    try {
      const livekit = await import("livekit-client");
      // It would write addresses into the console, and the token stands in them.
      livekit.setLogLevel("silent");
      this.#livekit = livekit;
      const room = this.#made(livekit);
      if (this.#closed) return;
      this.#room = room;
      await room.connect(url, token);
    } catch {
      this.#lose("lost");
      return;
    }
    if (this.#closed) return void this.#room?.disconnect();
    this.#look();
    void this.#list();
    const { camera = false, microphone = false } = kept.read() ?? {};
    if (microphone) await this.#turn("microphone", true);
    if (camera) await this.#turn("camera", true);
  }

  /** Turn one's own camera or microphone on or off, for the next time as well. @param {Kind} kind */
  async toggle(kind) {
    const on = !this.state[kind];
    kept.write({ ...kept.read(), [kind]: on });
    await this.#turn(kind, on);
  }

  /**
   * Take another device, now and next time. Who passes by several has the last one; where it cannot
   * be had, the one before goes on.
   * @param {keyof Chosen} kind
   * @param {string} id
   */
  async choose(kind, id) {
    this.#wanted[kind] = id;
    this.become({ chosen: { ...this.state.chosen, [kind]: id }, trouble: null });
    await this.#inLine(kind, async () => {
      if (this.#wanted[kind] === id) await this.#switch(kind, id);
    });
  }

  /** Be heard and hear: must follow a press. */
  async unlock() {
    await this.#room?.startAudio();
    this.#look();
  }

  /** Hang up: camera and microphone go out. */
  async close() {
    this.#closed = true;
    const room = this.#room;
    this.#room = null;
    this.become({ connection: "closed", tiles: [], camera: false, microphone: false });
    await room?.disconnect(true);
  }

  /** @param {typeof import("livekit-client")} livekit */
  #made({ DisconnectReason, Room, RoomEvent }) {
    const { speaker } = this.state.chosen;
    const room = new Room({
      adaptiveStream: true,
      dynacast: true,
      ...(speaker ? { audioOutput: { deviceId: speaker } } : {}),
    });
    for (const event of [
      RoomEvent.Connected,
      RoomEvent.Reconnected,
      RoomEvent.ParticipantConnected,
      RoomEvent.ParticipantDisconnected,
      RoomEvent.TrackSubscribed,
      RoomEvent.TrackUnsubscribed,
      RoomEvent.TrackMuted,
      RoomEvent.TrackUnmuted,
      RoomEvent.LocalTrackPublished,
      RoomEvent.LocalTrackUnpublished,
      RoomEvent.ActiveSpeakersChanged,
      RoomEvent.AudioPlaybackStatusChanged,
    ]) {
      room.on(event, () => this.#look());
    }
    room.on(RoomEvent.MediaDevicesChanged, () => void this.#list());
    room.on(RoomEvent.Reconnecting, () => this.become({ connection: "reconnecting" }));
    room.on(RoomEvent.Disconnected, (reason) => {
      this.#lose(reason === DisconnectReason.DUPLICATE_IDENTITY ? "elsewhere" : "lost");
    });
    return room;
  }

  /**
   * Do something with a device once all before it is done: a switch that is under way opens what
   * has been turned off meanwhile.
   * @param {keyof Chosen} kind
   * @param {() => Promise<void>} deed which settles whatever goes wrong
   */
  #inLine(kind, deed) {
    return (this.#line[kind] = this.#line[kind].then(deed));
  }

  /** @param {Kind} kind @param {boolean} on */
  #turn(kind, on) {
    return this.#inLine(kind, async () => {
      const person = this.#room?.localParticipant;
      if (!person) return;
      this.become({ trouble: null });
      try {
        await (on ? this.#turnOn(person, kind) : set(person, kind, false));
      } catch (error) {
        this.#tell(kind, error);
      }
      this.#look();
      void this.#list();
    });
  }

  /** @param {LocalParticipant} person @param {Kind} kind */
  async #turnOn(person, kind) {
    const id = this.#taken[kind];
    try {
      // Exact, since Chromium takes no notice of less.
      await set(person, kind, true, id ? { exact: id } : ANY);
    } catch (error) {
      const before = this.#published(person, kind)?.track;
      if (this.#closed || this.#why(error) === "denied" || !(id || before)) throw error;
      // It is gone, and any other is better than none. What was sent before would ask for it again.
      if (before) await person.unpublishTrack(before);
      await set(person, kind, true, ANY);
    }
  }

  /** @param {keyof Chosen} kind @param {string} id */
  async #switch(kind, id) {
    const room = this.#room;
    try {
      await room?.switchActiveDevice(MEDIA[kind], id);
      this.#taken[kind] = id;
      chosen.write({ ...chosen.read(), [kind]: id });
    } catch (error) {
      // The next one in line is taken instead, from wherever this has left off.
      if (this.#closed || this.#wanted[kind] !== id) return;
      this.#wanted[kind] = undefined;
      this.become({ chosen: { ...this.state.chosen, [kind]: this.#taken[kind] } });
      if (room && kind !== "speaker") await this.#revive(room.localParticipant, kind);
      this.#tell(kind, error);
    }
    this.#look();
  }

  /**
   * LiveKit has ended what was sent before it asked for the other device: it stays published, and
   * nothing comes of it.
   * @param {LocalParticipant} person
   * @param {Kind} kind
   */
  async #revive(person, kind) {
    const dead = this.#published(person, kind);
    if (!dead?.track || dead.isMuted) return;
    try {
      await person.unpublishTrack(dead.track);
      await this.#turnOn(person, kind);
    } catch {
      // Then it is off. What is told is why the other one could not be had.
    }
  }

  /** @param {LocalParticipant} person @param {Kind} kind */
  #published(person, kind) {
    const { Source } = /** @type {typeof import("livekit-client")} */ (this.#livekit).Track;
    return person.getTrackPublication(kind === "camera" ? Source.Camera : Source.Microphone);
  }

  /** @param {keyof Chosen} kind @param {unknown} error */
  #tell(kind, error) {
    this.become({ trouble: { kind, why: this.#why(error) } });
  }

  async #list() {
    const found = await attached();
    if (!this.#closed) this.become(found);
  }

  /** @param {unknown} error @returns {"denied" | "missing" | "busy"} */
  #why(error) {
    // LiveKit has no word for a device that was asked for by name and is not there.
    if (Object(error).name === "OverconstrainedError") return "missing";
    const failure = this.#livekit?.MediaDeviceFailure;
    const found = failure?.getFailure(/** @type {Error} */ (error));
    if (found === failure?.PermissionDenied) return "denied";
    return found === failure?.NotFound ? "missing" : "busy";
  }

  /** @param {"lost" | "elsewhere"} connection */
  #lose(connection) {
    if (this.#closed) return;
    this.become({ connection, tiles: [], camera: false, microphone: false });
  }

  #look() {
    const room = this.#room;
    if (!room || room.state !== "connected") return;
    const { localParticipant, remoteParticipants } = room;
    this.become({
      connection: "on",
      tiles: [localParticipant, ...remoteParticipants.values()].map((one) => this.#tile(one)),
      camera: localParticipant.isCameraEnabled,
      microphone: localParticipant.isMicrophoneEnabled,
      quiet: !room.canPlaybackAudio,
    });
  }

  /** @param {Participant} person @returns {Tile} */
  #tile(person) {
    const { Source } = /** @type {typeof import("livekit-client")} */ (this.#livekit).Track;
    const of = (/** @type {Track.Source} */ source) => {
      const published = person.getTrackPublication(source);
      const track = /** @type {LocalTrack | RemoteTrack | undefined} */ (published?.track);
      return published?.isMuted ? null : (track ?? null);
    };
    return {
      id: person.identity,
      mine: person.isLocal,
      picture: of(Source.Camera),
      sound: person.isLocal ? null : of(Source.Microphone),
      muted: !person.isMicrophoneEnabled,
      speaking: person.isSpeaking,
    };
  }
}

/**
 * @param {LocalParticipant} person
 * @param {Kind} kind
 * @param {boolean} on
 * @param {ConstrainDOMString} [deviceId]
 */
function set(person, kind, on, deviceId) {
  const how = deviceId ? { deviceId } : undefined;
  return kind === "camera" ? person.setCameraEnabled(on, how) : person.setMicrophoneEnabled(on, how);
}
