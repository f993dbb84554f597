// Receives pushes with no page open: a note that names nobody, and leads to the hub.

addEventListener("push", (/** @type {any} */ event) => {
  const told = event.data?.json() ?? {};
  const { title = "Foxeo visio", body = "", link = "/hub/" } = told;
  const options = { body: String(body), tag: "waiting", renotify: true, data: String(link) };
  const { registration } = /** @type {any} */ (self);
  event.waitUntil(registration.showNotification(String(title), options));
});

addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(show(new URL(event.notification.data, location.origin)));
});

/**
 * To the hub that is open, or a new one; never to another origin.
 * @param {URL} link
 */
async function show(link) {
  const { clients } = /** @type {any} */ (self);
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const hub = pages.find((/** @type {any} */ page) => new URL(page.url).pathname === "/hub/");
  const own = link.origin === location.origin ? link.href : "/hub/";
  return hub ? hub.focus() : clients.openWindow(own);
}
