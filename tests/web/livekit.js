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

class Sent {
  constructor(kind) {
    this.kind = kind;
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

class Person {
  constructor(identity, isLocal) {
    Object.assign(this, { identity, isLocal, isSpeaking: false, sent: {} });
  }
  get isCameraEnabled() {
    return Boolean(this.sent.camera);
  }
  get isMicrophoneEnabled() {
    return Boolean(this.sent.microphone);
  }
  getTrackPublication(source) {
    return this.sent[source] && { track: this.sent[source], isMuted: false };
  }
  send(source, on, { deviceId } = {}) {
    (window.call.asked ??= []).push([source, deviceId?.exact ?? null]);
    if (on && window.call.refuses === source) throw new DOMException("", "NotAllowedError");
    if (deviceId && window.call.unplugged === deviceId.exact) throw new DOMException("", "NotFoundError");
    if (on) this.sent[source] ??= new Sent(source);
    else delete this.sent[source];
    tell("TrackMuted");
    return this.sent[source] && { track: this.sent[source] };
  }
  async setCameraEnabled(on, how) {
    return this.send("camera", on, how);
  }
  async setMicrophoneEnabled(on, how) {
    return this.send("microphone", on, how);
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
    if (window.call.unplugged === deviceId) throw new DOMException("", "NotFoundError");
  }
  async startAudio() {
    this.canPlaybackAudio = true;
  }
  async disconnect() {
    this.state = "disconnected";
    window.call.ended = true;
  }
}
