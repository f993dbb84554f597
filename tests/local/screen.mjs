// A page at a lobby, with the genuine supabase-js: a signal is a bell, the lobby's state the truth.
//
//   node tests/local/screen.mjs ORIGIN ANON_KEY TOKEN MEETING_ID
//
// Standard output, one JSON a line: {"status"} for each change of its subscription, {"shown"} for
// each state that it reads. Reads when it has subscribed, when a newer version rings, and, without
// a socket, when the last state said to. Ends with its input.

import { createClient } from "@supabase/supabase-js";
import ws from "ws";

const [origin, key, token, meetingId] = process.argv.slice(2);
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
let version = 0;
let listening = false;
let timer;

async function read() {
  clearTimeout(timer);
  let pause = 1000;
  let seen = false;
  try {
    const answer = await fetch(`${origin}/functions/v1/lobby-state?meetingId=${meetingId}`, {
      headers: { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(5000),
    });
    const { data } = await answer.json();
    if (data) {
      seen = true;
      version = data.version;
      pause = data.pollAfterMs;
      say({ shown: `${data.meetingStatus} ${data.knock?.status ?? "nobody"}`, version });
    }
  } catch {
    // Out of reach: the net below asks again.
  }
  // A bell that rang while the truth could not be read would have rung for nothing.
  if (!seen || !listening) timer = setTimeout(read, pause);
}

const client = createClient(origin, key, {
  // Asked anew at each reconnection; a token given to setAuth alone would then be the anon key's.
  accessToken: async () => token,
  realtime: { transport: ws },
});
await client.realtime.setAuth();
client
  .channel(`meeting:${meetingId}:status`, { config: { private: true } })
  .on("broadcast", { event: "*" }, ({ payload }) => payload.version > version && read())
  .subscribe((status) => {
    listening = status === "SUBSCRIBED";
    say({ status });
    read();
  });
process.stdin.resume().on("end", () => process.exit(0));
