/** @import { Track } from "livekit-client" */
/** `<visio-track>`: shows or plays the `track` of a call, for as long as it is in the page. */
export class TrackElement extends HTMLElement {
    set track(track: Track<Track.Kind> | null);
    get track(): Track<Track.Kind> | null;
    connectedCallback(): void;
    disconnectedCallback(): void;
    #private;
}
import type { Track } from "livekit-client";
