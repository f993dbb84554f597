/**
 * `<visio-device-check>`: camera, microphone and speaker, tried when asked and never before.
 *
 * `devices` is what is known of them; `visio-devices` is told whenever `devices.state.result`
 * changes. Everything is off once the element has left the page.
 */
export class DeviceCheck extends VisioElement {
    devices: Devices;
    /** @override */
    override start(): void;
    /** @override */
    override view(): import("lit-html").TemplateResult<1>;
    #private;
}
import { VisioElement } from "./element.js";
import { Devices } from "../visio/devices.js";
