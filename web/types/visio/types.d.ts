/**
 * What functions answer with, by short names.
 */
export type Schemas = components["schemas"];
/**
 * What functions answer with, by short names.
 */
export type ListedRequest = Schemas["ListedRequestView"];
/**
 * What functions answer with, by short names.
 */
export type ListedMeeting = Schemas["ListedMeetingView"];
/**
 * What functions answer with, by short names.
 */
export type Step = Schemas["StepView"];
/**
 * What functions answer with, by short names.
 */
export type Slot = Schemas["SlotView"];
/**
 * What functions answer with, by short names.
 */
export type LobbyState = Schemas["LobbyView"];
/**
 * What functions answer with, by short names.
 */
export type Knock = Schemas["KnockView"];
/**
 * What functions answer with, by short names.
 */
export type Message = Schemas["MessageView"];
/**
 * What functions answer with, by short names.
 */
export type Waiting = Schemas["WaitingView"];
/**
 * What functions answer with, by short names.
 */
export type Notification = Schemas["NotificationView"];
/**
 * What functions answer with, by short names.
 */
export type Quarantined = Schemas["QuarantinedView"];
/**
 * What functions answer with, by short names.
 */
export type ListedClient = Schemas["ClientView"];
/**
 * What functions answer with, by short names.
 */
export type Ticket = Schemas["TicketView"];
/**
 * What functions answer with, by short names.
 */
export type DeviceResult = Knock["devices"];
/**
 * What functions answer with, by short names.
 */
export type NextStep = NonNullable<Knock["nextStep"]>;
import type { components } from "./api.js";
