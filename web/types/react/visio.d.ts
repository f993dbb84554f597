/**
 * Gives a connection to everything below it: hooks and elements.
 * @param {{ visio: Visio, children?: ReactNode }} props
 */
export function VisioProvider({ visio, children }: {
    visio: Visio;
    children?: ReactNode;
}): import("react").FunctionComponentElement<import("react").ProviderProps<Visio | null>>;
/** The connection that was provided. */
export function useVisio(): Visio;
/**
 * What a store says, drawn anew whenever that changes. It is listened to while this is in the page.
 * @template {object} S
 * @param {Store<S>} store
 * @returns {Readonly<S>}
 */
export function useStore<S extends object>(store: Store<S>): Readonly<S>;
/**
 * A store of one's own, made when this is first drawn and again when `deps` change.
 *
 * To make one must do nothing yet: it may be made twice, and only one of the two be listened to.
 * @template {Store<any>} T
 * @param {(visio: Visio) => T} make
 * @param {readonly unknown[]} [deps]
 * @returns {[T["state"], T]} what it says, and itself
 */
export function useLive<T extends Store<any>>(make: (visio: Visio) => T, deps?: readonly unknown[]): [T["state"], T];
/** @type {ComponentType<Common & { onRequested?: (event: CustomEvent) => void }>} */
export const RequestForm: ComponentType<Common & {
    onRequested?: (event: CustomEvent) => void;
}>;
/** `statuses` are separated by spaces. @type {ComponentType<Common & { statuses?: string }>} */
export const RequestList: ComponentType<Common & {
    statuses?: string;
}>;
/**
 * @type {ComponentType<Common & {
 *   onBooked?: (event: CustomEvent<{ startsAt: string | null }>) => void,
 *   onUnavailable?: (event: CustomEvent) => void,
 * }>}
 */
export const BookingWidget: ComponentType<Common & {
    onBooked?: (event: CustomEvent<{
        startsAt: string | null;
    }>) => void;
    onUnavailable?: (event: CustomEvent) => void;
}>;
/** @type {ComponentType<Common & { "lobby-href"?: string, "room-href"?: string }>} */
export const Agenda: ComponentType<Common & {
    "lobby-href"?: string;
    "room-href"?: string;
}>;
/** @type {ComponentType<Common & { meeting: string, onAdmitted?: OfMeeting }>} */
export const Lobby: ComponentType<Common & {
    meeting: string;
    onAdmitted?: OfMeeting;
}>;
/**
 * @type {ComponentType<Common & {
 *   onDevices?: (event: CustomEvent<{ result: DeviceResult }>) => void,
 * }>}
 */
export const DeviceCheck: ComponentType<Common & {
    onDevices?: (event: CustomEvent<{
        result: DeviceResult;
    }>) => void;
}>;
/** `worker` is the address of push.js. @type {ComponentType<Common & { worker?: string }>} */
export const WaitingRoom: ComponentType<Common & {
    worker?: string;
}>;
/** @type {ComponentType<Common>} */
export const Quarantine: ComponentType<Common>;
/** @type {ComponentType<Common>} */
export const Notifications: ComponentType<Common>;
/** @type {ComponentType<Common>} */
export const CalendarLink: ComponentType<Common>;
/** @type {ComponentType<Common & { meeting: string, roomServer?: boolean, onLeft?: OfMeeting }>} */
export const Room: ComponentType<Common & {
    meeting: string;
    roomServer?: boolean;
    onLeft?: OfMeeting;
}>;
export type Common = {
    className?: string;
    id?: string;
    ref?: Ref<any>;
};
export type OfMeeting = (event: CustomEvent<{
    meetingId: string;
}>) => void;
import type { Visio } from "../visio/client.js";
import type { ReactNode } from "react";
import type { Store } from "../visio/store.js";
import type { ComponentType } from "react";
import type { DeviceResult } from "../visio/types.js";
import type { Ref } from "react";
