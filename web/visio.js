// What both pages share: signing in, calling functions, listening, and drawing without HTML strings.

const config = await (await fetch("/config.json")).json();
const client = window.supabase.createClient(config.supabaseUrl, config.anonKey);
const byId = (id) => document.getElementById(id);

const STATES = {
  pending: "en attente d’une réponse",
  accepted: "acceptée",
  rejected: "refusée",
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
  made.append(...children.filter((child) => child !== null && child !== undefined));
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
