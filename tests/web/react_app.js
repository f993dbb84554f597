// A small application in React's strict mode, which mounts everything twice.

import { StrictMode, createElement as h, useState } from "react";
import { createRoot } from "react-dom/client";

import { DeviceCheck, Lobby, VisioProvider, useLive, useStore } from "../../web/react/visio.js";
import { Visio } from "../../web/visio/client.js";
import { Lobby as LobbyStore } from "../../web/visio/lobby.js";
import { Store } from "../../web/visio/store.js";

class Probe extends Store {
  listeners = 0;
  awake = 0;
  subscribe(listener) {
    this.listeners += 1;
    const stop = super.subscribe(listener);
    return () => {
      this.listeners -= 1;
      stop();
    };
  }
  wake() {
    this.awake += 1;
  }
  rest() {
    this.awake -= 1;
  }
}

const probe = new Probe({ count: 0 });
const made = [];

function Count() {
  return h("output", { id: "count" }, useStore(probe).count);
}

class Heard extends LobbyStore {
  constructor(visio, meetingId) {
    super(visio, meetingId);
    made.push(this);
    this.awake = false;
  }
  wake() {
    this.awake = true;
    super.wake();
  }
  rest() {
    this.awake = false;
    super.rest();
  }
}

function Standing({ meeting }) {
  const [{ phase }, store] = useLive((visio) => new Heard(visio, meeting), [meeting]);
  return h("output", { id: "phase" }, `${store.meetingId} ${phase}`);
}

function App() {
  const [shown, show] = useState("nothing");
  const [result, setResult] = useState("");
  const [meeting, take] = useState("");
  Object.assign(window, { show, take, probe, made });
  return h(
    "div",
    null,
    h("output", { id: "result" }, result),
    shown === "count" && h(Count),
    shown === "live" && h(Standing, { meeting }),
    shown === "lobby" && h(Lobby, { meeting }),
    shown === "devices" &&
      h(DeviceCheck, {
        className: "checked",
        onDevices: (event) => setResult((before) => `${before} ${event.detail.result}`.trim()),
      }),
  );
}

const config = await (await fetch("/config.json")).json();
const visio = new Visio({
  supabase: window.supabase.createClient(config.supabaseUrl, config.anonKey),
  functionsUrl: config.functionsUrl,
});
createRoot(document.getElementById("app")).render(
  h(StrictMode, null, h(VisioProvider, { visio }, h(App))),
);
