// Stands in for livekit-client where there is no server to call: a room of two whose other side,
// and whose network, the test plays by `window.call`.

const listeners = {};
export const RoomEvent = new Proxy({}, { get: (_, name) => name });
export const DisconnectReason = { DUPLICATE_IDENTITY: 2 };
export const Track = { Source: { Camera: "camera", Microphone: "microphone" } };
export const MediaDeviceFailure = {
  PermissionDenied: "PermissionDenied",
  NotFound: "NotFound",
  getFailure: (error) => ({ NotAllowedError: "PermissionDenied", NotFoundError: "NotFound" })[error.name],
};
export const setLogLevel = () => {};

const unplugged = (id) => [window.call.unplugged ?? []].flat().includes(id);

class Sent {
  constructor(kind, device) {
    Object.assign(this, { kind, device, live: true });
  }
  attach() {
    const media = document.createElement(this.kind === "camera" ? "video" : "audio");
    media.dataset.track = this.kind;
    return media;
  }
  detach(media) {
    media.dataset.track = "detached";
  }
}

// What is published stays so, with its device, and is muted and unmuted.
class Publication {
  isMuted = false;
  constructor(track) {
    this.track = track;
  }
  unmute() {
    if (this.isMuted && unplugged(this.track.device)) throw new DOMException("", "OverconstrainedError");
    if (this.isMuted) this.track.live = true;
    this.isMuted = false;
  }
  mute() {
    this.isMuted = true;
    this.track.live = false;
  }
  use(device) {
    this.track.device = device;
    if (this.isMuted) return; // until it is unmuted
    // The one before is ended first: some devices cannot be opened twice.
    this.track.live = false;
    if (unplugged(device)) throw new DOMException("", "OverconstrainedError");
    this.track.live = true;
  }
}

class Person {
  constructor(identity, isLocal) {
    Object.assign(this, { identity, isLocal, isSpeaking: false, sent: {}, defaults: {} });
  }
  get isCameraEnabled() {
    return !(this.sent.camera?.isMuted ?? true);
  }
  get isMicrophoneEnabled() {
    return !(this.sent.microphone?.isMuted ?? true);
  }
  getTrackPublication(source) {
    return this.sent[source];
  }
  send(source, on, { deviceId = this.defaults[source] } = {}) {
    (window.call.asked ??= []).push([source, deviceId?.exact ?? null]);
    if (on && window.call.refuses === source) throw new DOMException("", "NotAllowedError");
    if (!on) this.sent[source]?.mute();
    else if (this.sent[source]) this.sent[source].unmute();
    else if (unplugged(deviceId?.exact)) throw new DOMException("", "OverconstrainedError");
    else this.sent[source] = new Publication(new Sent(source, deviceId?.exact ?? "any"));
    tell("TrackMuted");
    return this.sent[source];
  }
  async setCameraEnabled(on, how) {
    return this.send("camera", on, how);
  }
  async setMicrophoneEnabled(on, how) {
    return this.send("microphone", on, how);
  }
  async unpublishTrack(track) {
    track.live = false;
    delete this.sent[track.kind];
    tell("LocalTrackUnpublished");
  }
}

const tell = (event, ...facts) => (listeners[event] ?? []).forEach((listener) => listener(...facts));

export class Room {
  constructor(options) {
    this.options = options;
    this.localParticipant = new Person("me", true);
    this.remoteParticipants = new Map();
    this.canPlaybackAudio = true;
    for (const name of Object.keys(listeners)) delete listeners[name];
    window.call = { ...window.call, room: this, tell, ended: false };
    window.call.comes = () => {
      const other = new Person("other", false);
      this.remoteParticipants.set("other", other);
      tell("ParticipantConnected");
      return other;
    };
  }
  on(event, listener) {
    (listeners[event] ??= []).push(listener);
  }
  async connect(url) {
    this.url = url;
    this.state = "connected";
    tell("Connected");
  }
  async switchActiveDevice(kind, deviceId) {
    (window.call.switched ??= []).push([kind, deviceId]);
    await window.call.held;
    const { sent, defaults } = this.localParticipant;
    const source = { videoinput: "camera", audioinput: "microphone" }[kind];
    if (!source && unplugged(deviceId)) throw new DOMException("", "NotFoundError");
    if (!source) return;
    sent[source]?.use(deviceId);
    defaults[source] = { exact: deviceId };
  }
  async startAudio() {
    this.canPlaybackAudio = true;
  }
  async disconnect() {
    this.state = "disconnected";
    window.call.ended = true;
  }
}
