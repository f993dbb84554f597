"use client";

import {
  createContext,
  createElement,
  useCallback,
  useContext,
  useEffect,
  useState,
  useSyncExternalStore,
} from "react";

/**
 * @import { ComponentType, ReactNode, Ref } from "react"
 * @import { Visio } from "../visio/client.js"
 * @import { Store } from "../visio/store.js"
 * @import { DeviceResult } from "../visio/types.js"
 */

const Provided = createContext(/** @type {Visio | null} */ (null));

/**
 * Gives a connection to everything below it: hooks and elements.
 * @param {{ visio: Visio, children?: ReactNode }} props
 */
export function VisioProvider({ visio, children }) {
  useEffect(() => {
    // Elements within elements ask for it there. Not on a server, which knows no elements.
    void import("../elements/element.js").then(({ provide }) => provide(visio));
  }, [visio]);
  return createElement(Provided.Provider, { value: visio }, children);
}

/** The connection that was provided. */
export function useVisio() {
  const visio = useContext(Provided);
  if (!visio) throw new Error("useVisio needs a VisioProvider around it");
  return visio;
}

/**
 * What a store says, drawn anew whenever that changes. It is listened to while this is in the page.
 * @template {object} S
 * @param {Store<S>} store
 * @returns {Readonly<S>}
 */
export function useStore(store) {
  const subscribe = useCallback(
    (/** @type {() => void} */ listener) => store.subscribe(listener),
    [store],
  );
  const read = () => store.state;
  return useSyncExternalStore(subscribe, read, read);
}

/**
 * A store of one's own, made when this is first drawn and again when `deps` change.
 *
 * To make one must do nothing yet: it may be made twice, and only one of the two be listened to.
 * @template {Store<any>} T
 * @param {(visio: Visio) => T} make
 * @param {readonly unknown[]} [deps]
 * @returns {[T["state"], T]} what it says, and itself
 */
export function useLive(make, deps = []) {
  const visio = useVisio();
  const wanted = [visio, ...deps];
  const made = () => ({ store: make(visio), deps: wanted });
  const [kept, keep] = useState(made);
  const same = kept.deps.every((dep, index) => Object.is(dep, wanted[index]));
  const current = same ? kept : made();
  if (!same) keep(current);
  return [useStore(current.store), current.store];
}

/**
 * @typedef {{ className?: string, id?: string, ref?: Ref<any> }} Common
 * @typedef {(event: CustomEvent<{ meetingId: string }>) => void} OfMeeting
 */

const never = () => () => {};

/**
 * An element as a component. Its module is loaded in the browser, when it is first drawn there.
 * @param {string} name
 * @param {() => Promise<unknown>} load
 * @param {Record<string, string>} [events] as React listens for them, by the names of our props
 * @returns {ComponentType<any>}
 */
function element(name, load, events = {}) {
  /** @param {any} props */
  function Wrapped(props) {
    const visio = useVisio();
    const [loaded, setLoaded] = useState(() => Boolean(globalThis.customElements?.get(name)));
    // A server draws nothing, and neither does a browser at first: the two must agree.
    const there = useSyncExternalStore(never, () => loaded, () => false);
    useEffect(() => {
      let here = true;
      void load().then(() => here && setLoaded(true));
      return () => {
        here = false;
      };
    }, []);
    if (!there) return null;
    const given = Object.entries(props).map(([key, value]) => [events[key] ?? key, value]);
    // Another meeting is another element: they read their attributes once.
    const key = [props.meeting, props.statuses].join(" ");
    return createElement(name, { ...Object.fromEntries(given), visio, key });
  }
  Wrapped.displayName = name;
  return Wrapped;
}

/** @type {ComponentType<Common & { onRequested?: (event: CustomEvent) => void }>} */
export const RequestForm = element(
  "visio-request-form",
  () => import("../elements/request-form.js"),
  { onRequested: "onvisio-requested" },
);

/** `statuses` are separated by spaces. @type {ComponentType<Common & { statuses?: string }>} */
export const RequestList = element(
  "visio-request-list",
  () => import("../elements/request-list.js"),
);

/**
 * @type {ComponentType<Common & {
 *   onBooked?: (event: CustomEvent<{ startsAt: string | null }>) => void,
 *   onUnavailable?: (event: CustomEvent) => void,
 * }>}
 */
export const BookingWidget = element(
  "visio-booking-widget",
  () => import("../elements/booking-widget.js"),
  { onBooked: "onvisio-booked", onUnavailable: "onvisio-unavailable" },
);

/** @type {ComponentType<Common & { "lobby-href"?: string, "room-href"?: string }>} */
export const Agenda = element("visio-agenda", () => import("../elements/agenda.js"));

/** @type {ComponentType<Common & { meeting: string, onAdmitted?: OfMeeting }>} */
export const Lobby = element("visio-lobby", () => import("../elements/lobby.js"), {
  onAdmitted: "onvisio-admitted",
});

/**
 * @type {ComponentType<Common & {
 *   onDevices?: (event: CustomEvent<{ result: DeviceResult }>) => void,
 * }>}
 */
export const DeviceCheck = element(
  "visio-device-check",
  () => import("../elements/device-check.js"),
  { onDevices: "onvisio-devices" },
);

/** `worker` is the address of push.js. @type {ComponentType<Common & { worker?: string }>} */
export const WaitingRoom = element(
  "visio-waiting-room",
  () => import("../elements/waiting-room.js"),
);

/** @type {ComponentType<Common>} */
export const Quarantine = element("visio-quarantine", () => import("../elements/quarantine.js"));

/** @type {ComponentType<Common>} */
export const Notifications = element(
  "visio-notifications",
  () => import("../elements/notifications.js"),
);

/** @type {ComponentType<Common>} */
export const CalendarLink = element(
  "visio-calendar-link",
  () => import("../elements/calendar-link.js"),
);

/** @type {ComponentType<Common & { meeting: string, roomServer?: boolean, onLeft?: OfMeeting }>} */
export const Room = element("visio-room", () => import("../elements/room.js"), {
  onLeft: "onvisio-left",
});
