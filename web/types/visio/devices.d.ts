/** @extends {Store<{result: "ready"|"untested"}>} */
export class Devices extends Store<{
    result: "ready" | "untested";
}> {
    constructor();
    stop(): void;
}
import { Store } from "./store.js";
