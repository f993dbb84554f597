// What both pages share: signing in, calling functions, listening, and drawing without HTML strings.

const config = await (await fetch("/config.json")).json();
const client = window.supabase.createClient(config.supabaseUrl, config.anonKey);
const byId = (id) => document.getElementById(id);

const STATES = {
  pending: "en attente d’une réponse",
  accepted: "acceptée",
  rejected: "refusée",
  countered: ": d’autres créneaux sont proposés",
  withdrawn: "retirée",
  expired: "expirée",
  completed: "terminée",
  cancelled: "annulée",
  scheduled: "prévu",
  in_progress: "en cours",
};
export const inWords = (state) => STATES[state] ?? state;

const format = new Intl.DateTimeFormat("fr-FR", { dateStyle: "full", timeStyle: "short" });
export const when = (instant) => format.format(new Date(instant));

/** An element with attributes (functions listen) and children; texts are never read as HTML. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** A button that does something once at a time and shows what went wrong. */
export function button(text, action, kind = "") {
  return el("button", { class: kind, type: "button", click: (event) => attempt(action, event.target) }, text);
}

export async function attempt(action, control) {
  byId("problem").textContent = "";
  if (control) control.disabled = true;
  try {
    await action();
  } catch (error) {
    byId("problem").textContent = error.message;
  } finally {
    if (control) control.disabled = false;
  }
}

/** Call a function: its data, or an Error with the sentence it answered. */
export async function call(name, body, query) {
  const { data } = await client.auth.getSession();
  const asked = query ? `?${new URLSearchParams(query)}` : "";
  const answer = await fetch(`/functions/v1/${name}${asked}`, {
    method: body ? "POST" : "GET",
    headers: { Authorization: `Bearer ${data.session?.access_token}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const { data: found, error } = await answer.json();
  if (error) throw Object.assign(new Error(error.message), error);
  return found;
}

const DEEDS = {
  ask: "a demandé un rendez-vous",
  book: "a reçu la réservation",
  accept: "a accepté",
  reject: "a refusé",
  propose: "a proposé d’autres créneaux",
  decline: "a décliné",
  withdraw: "a retiré la demande",
  expire: "a constaté que tous les créneaux sont passés",
  agree: "a fixé le rendez-vous",
  complete: "a terminé le rendez-vous",
  cancel: "a annulé le rendez-vous",
  knock: "est arrivé en salle d’attente",
  leave: "est parti",
  lapse: "n’a plus eu de nouvelles du client",
  admit: "a fait entrer le client",
  deny: "n’a pas fait entrer le client",
  send_back: "a renvoyé le client en salle d’attente",
  remove: "a fait sortir le client",
  start: "a commencé le rendez-vous",
};
const WHO = { client: "Le client", operator: "Le consultant", calcom: "Cal.com", system: "Foxeo visio" };

/** Who did what, when and in which words; nothing where there is only the beginning. */
export function history(steps) {
  if (steps.length < 2) return null;
  const told = steps.map((step) =>
    el(
      "li",
      {},
      `${WHO[step.by]} ${DEEDS[step.action] ?? step.action}, ${when(step.at)}`,
      ...step.slots.map((slot) => el("div", {}, when(slot))),
      step.message && el("div", {}, el("q", {}, step.message)),
    ),
  );
  return el("details", {}, el("summary", {}, "Tout l’échange"), el("ol", { class: "history" }, ...told));
}

/** Save a meeting's calendar file. */
export async function saveToCalendar(meetingId) {
  const { data } = await client.auth.getSession();
  const answer = await fetch(`/functions/v1/calendar-file?${new URLSearchParams({ meetingId })}`, {
    headers: { Authorization: `Bearer ${data.session?.access_token}` },
  });
  if (!answer.ok) throw new Error((await answer.json()).error.message);
  const url = URL.createObjectURL(await answer.blob());
  el("a", { href: url, download: "rendez-vous.ics" }).click();
  URL.revokeObjectURL(url);
}

/** The secret address of one's calendar: made, shown once, taken back. */
export function calendarFeed(place) {
  const show = (url) =>
    place.replaceChildren(
      el("p", { class: "soft" }, "Une adresse secrète, à laquelle votre agenda s’abonne. Une nouvelle remplace la précédente."),
      ...(url ? [el("p", {}, el("code", {}, url))] : []),
      el(
        "div",
        { class: "row" },
        button("Créer une adresse", async () => show((await call("calendar-link", {})).url), "plain"),
        button("Ne plus la servir", async () => show((await call("calendar-link", { revoke: true })).url), "plain"),
      ),
    );
  show(null);
}

/** What was said at a lobby, each with whose words they are. */
export function messages(said, mine) {
  if (!said.length) return null;
  const line = (one) => el("li", {}, one.sender === mine ? "Vous : " : "", el("q", {}, one.text));
  return el("ul", { class: "history" }, ...said.slice(-5).map(line));
}

let arrived = false;

/** Scroll to what the address names, once, when it has been drawn. */
export function goToNamed() {
  const named = !arrived && location.hash && byId(decodeURIComponent(location.hash.slice(1)));
  if (!named) return;
  named.scrollIntoView({ block: "center" });
  arrived = true;
}

const channels = new Map();

/** Listen on a private channel once. An event is a bell: `ring` reads the truth anew. */
export function listen(topic, ring) {
  if (channels.has(topic)) return;
  const channel = client
    .channel(topic, { config: { private: true } })
    .on("broadcast", { event: "*" }, ring)
    // What happened before the subscription was not heard.
    .subscribe((status) => status === "SUBSCRIBED" && ring());
  channels.set(topic, channel);
}

/** Run a page: sign in if need be, then draw now, when somebody comes back, and every 20 s. */
export async function page(draw) {
  const show = async (session) => {
    byId("sign-in").hidden = Boolean(session);
    byId("content").hidden = byId("sign-out").hidden = !session;
    if (!session) return;
    await client.realtime.setAuth(session.access_token);
    await attempt(() => draw(session.user.id));
  };
  byId("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const sent = Object.fromEntries(new FormData(event.target));
      const { data, error } = await client.auth.signInWithPassword(sent);
      if (error) throw new Error("Adresse ou mot de passe inconnus.");
      await show(data.session);
    }, event.submitter);
  });
  byId("sign-out").addEventListener("click", async () => {
    await client.auth.signOut();
    location.reload();
  });
  const again = async () => {
    const { data } = await client.auth.getSession();
    if (data.session && !document.hidden) await attempt(() => draw(data.session.user.id));
  };
  document.addEventListener("visibilitychange", again);
  addEventListener("online", again);
  setInterval(again, 20_000);
  await show((await client.auth.getSession()).data.session);
}
