// A browser's side of realtime, with the genuine supabase-js: listens where it is told to.
//
//   node local/listener.mjs ORIGIN ANON_KEY
//
// Standard input, one JSON a line: {"token", "topic"}. Standard output, one JSON a line:
// {"topic", "status", "reason"?} for each change of a subscription, {"topic", "event", "payload"}
// for each broadcast, with `at`, milliseconds since the epoch. Ends with its input.

import { createInterface } from "node:readline";
import { createClient } from "@supabase/supabase-js";
import ws from "ws";

const [origin, key] = process.argv.slice(2);
const clients = new Map();
const now = () => performance.timeOrigin + performance.now();
const say = (line) => process.stdout.write(JSON.stringify({ at: now(), ...line }) + "\n");

async function clientOf(token) {
  if (!clients.has(token)) {
    const client = createClient(origin, key, {
      auth: { persistSession: false, autoRefreshToken: false },
      realtime: { transport: ws },
    });
    // Before the first private subscription: it would go out as anon, and be refused.
    if (token) await client.realtime.setAuth(token);
    clients.set(token, client);
  }
  return clients.get(token);
}

async function listen({ token, topic }) {
  const client = await clientOf(token);
  const channel = client.channel(topic, { config: { private: true } });
  channel
    .on("broadcast", { event: "*" }, ({ event, payload }) => say({ topic, event, payload }))
    .subscribe((status, error) => {
      say({ topic, status, reason: error?.message });
      // A refused join is retried for ever; asked for outside this callback, which it calls again.
      if (status === "CHANNEL_ERROR") setTimeout(() => client.removeChannel(channel), 0);
    });
}

// One after the other, so that two topics of one user share one connection.
let last = Promise.resolve();
createInterface({ input: process.stdin })
  .on("line", (line) => (last = last.then(() => listen(JSON.parse(line)))))
  .on("close", () => process.exit(0));
