const EVERY = 100;
const QUIET = 0.01;
const SILENCE = 4_000;

/**
 * How loud a microphone is, ten times a second: 0 for silence, 1 for a loud voice.
 *
 * @param {MediaStreamTrack} track
 * @param {(level: number, silent: boolean) => void} tell `silent` once nothing came for 4 seconds
 * @returns {() => void} listen no more
 */
export function listenTo(track, tell) {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  // Longer than the time between two looks: nothing that was said falls between them.
  analyser.fftSize = 8192;
  source.connect(analyser);
  void context.resume();
  const samples = new Float32Array(analyser.fftSize);
  let heardAt = Date.now();
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const loudness = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
    const level = Math.min(1, loudness * 4);
    if (level > QUIET) heardAt = Date.now();
    tell(level, Date.now() - heardAt > SILENCE);
  }, EVERY);
  return () => {
    clearInterval(timer);
    source.disconnect();
    void context.close();
  };
}
