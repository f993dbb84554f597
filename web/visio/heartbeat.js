// A worker's clock: pages in the background have theirs slowed to once a minute. The messages are
// the ones that supabase-js speaks with such a worker.

addEventListener("message", (message) => {
  if (message.data.event === "start") {
    setInterval(() => postMessage({ event: "keepAlive" }), message.data.interval);
  }
});
