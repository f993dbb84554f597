/**
 * How loud a microphone is, ten times a second: 0 for silence, 1 for a loud voice.
 *
 * @param {MediaStreamTrack} track
 * @param {(level: number, silent: boolean) => void} tell `silent` once nothing came for 4 seconds
 * @returns {() => void} listen no more
 */
export function listenTo(track: MediaStreamTrack, tell: (level: number, silent: boolean) => void): () => void;
