/**
 * What functions answer with, by short names.
 *
 * @import { components } from "./api.js"
 *
 * @typedef {components["schemas"]} Schemas
 * @typedef {Schemas["ListedRequestView"]} ListedRequest
 * @typedef {Schemas["ListedMeetingView"]} ListedMeeting
 * @typedef {Schemas["StepView"]} Step
 * @typedef {Schemas["SlotView"]} Slot
 * @typedef {Schemas["LobbyView"]} LobbyState
 * @typedef {Schemas["KnockView"]} Knock
 * @typedef {Schemas["MessageView"]} Message
 * @typedef {Schemas["WaitingView"]} Waiting
 * @typedef {Schemas["NotificationView"]} Notification
 * @typedef {Schemas["QuarantinedView"]} Quarantined
 * @typedef {Schemas["ClientView"]} ListedClient
 * @typedef {Schemas["TicketView"]} Ticket
 * @typedef {Knock["devices"]} DeviceResult
 * @typedef {NonNullable<Knock["nextStep"]>} NextStep
 */

export {};
