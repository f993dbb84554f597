// The operator's page: decide on requests, see who waits, let them in.

import {
  attempt,
  button,
  calendarFeed,
  call,
  el,
  goToNamed,
  history,
  inWords,
  listen,
  messages,
  page,
  saveToCalendar,
  when,
} from "/visio.js";

const byId = (id) => document.getElementById(id);

const DEVICES = {
  ready: "caméra et micro prêts",
  sound_only: "micro seulement",
  none: "ni caméra ni micro",
  untested: "caméra et micro non essayés",
};

/** Somebody who waits, with what they can be answered. */
function arrival(item) {
  const meetingId = item.meetingId;
  const signal = (name, more) =>
    call("lobby-signal", { meetingId, signal: name, knockId: item.knockId, ...more }).then(draw);
  const say = (words) => call("lobby-message", { meetingId, ...words }).then(draw);
  const later = { reason: "Un instant, je vous reprends.", nextStep: "knock_again" };
  return el(
    "article",
    { class: "card waiting" },
    el("strong", {}, item.clientName),
    el("p", {}, `Attend depuis ${Math.floor(item.elapsedSeconds / 60)} min${item.away ? ", peut-être absent" : ""}`),
    el("p", { class: "soft" }, DEVICES[item.devices]),
    messages(item.messages, "operator"),
    el(
      "div",
      { class: "row" },
      button("Faire entrer", () => signal("operator_joined")),
      button("Pas maintenant", () => signal("entry_denied", later), "plain"),
      button("J’arrive", () => say({ canned: "one_moment" }), "plain"),
      button(
        "Écrire",
        async () => {
          const text = prompt("Quelques mots");
          if (text) await say({ text: text.slice(0, 500) });
        },
        "plain",
      ),
    ),
  );
}

/** Everybody at once, where there are several. */
function everybody(items) {
  const meetingIds = items.slice(0, 50).map((item) => item.meetingId);
  return items.length > 1 ? button("Ouvrir à tous", () => call("admit-clients", { meetingIds }).then(draw)) : null;
}

async function meeting(item) {
  const lobby = await call("lobby-state", null, { meetingId: item.id });
  const knock = lobby.knock?.status;
  const signal = (name, reason) =>
    call("lobby-signal", { meetingId: item.id, signal: name, reason }).then(draw);
  const row = el("div", { class: "row" });
  if (knock === "admitted") {
    row.append(
      button("Renvoyer en salle d’attente", () => signal("back_to_lobby"), "plain"),
      button(
        "Faire sortir",
        async () => {
          const reason = prompt("Pour quelle raison ?");
          if (reason) await signal("remove", reason);
        },
        "plain",
      ),
    );
  }
  if (lobby.meetingStatus === "in_progress") row.append(button("Terminer", () => signal("meeting_ended"), "plain"));
  if (lobby.meetingStatus === "scheduled") row.append(button("Annuler", () => cancel(item.id), "plain"));
  row.append(button("Ajouter à mon agenda", () => saveToCalendar(item.id), "plain"));
  listen(`meeting:${item.id}:status`, draw);
  return el(
    "article",
    { id: `meeting-${item.id}`, class: knock === "waiting" ? "card waiting" : "card" },
    el("strong", {}, item.title),
    el("p", {}, when(item.scheduledAt)),
    el("p", { class: "soft" }, knock === "waiting" ? "Attend depuis " + when(lobby.knock.since) : inWords(lobby.meetingStatus)),
    row,
  );
}

async function cancel(meetingId) {
  const reason = prompt("Pourquoi annulez-vous ?");
  if (reason) await call("cancel-meeting", { meetingId, reason }).then(draw);
}

const STATES = { free: "", taken: " (occupé)", passed: " (passé)" };

function request(item) {
  const decide = async (decision) => {
    await call("decide-request", { requestId: item.id, ...decision });
    byId("requests").replaceChildren();
    await draw();
  };
  const waits = item.status === "pending";
  const asked = item.slots.filter((found) => found.proposedBy === "client");
  const offered = item.slots.filter((found) => found.proposedBy === "operator");
  const slot = (found) => {
    const made = button(when(found.slot) + STATES[found.state], () => decide({ decision: "accept", selectedSlot: found.slot }), found.state);
    made.disabled = found.state !== "free";
    return made;
  };
  const row = el("div", { class: "row" });
  if (waits) {
    row.append(
      ...asked.map(slot),
      button(
        "Refuser",
        async () => {
          const reason = prompt("Pour quelle raison ?");
          if (reason) await decide({ decision: "reject", reason });
        },
        "plain",
      ),
    );
  }
  return el(
    "article",
    { id: `request-${item.id}`, class: "card" },
    el("strong", {}, `Demande ${inWords(item.status)}`),
    item.message && el("p", {}, item.message),
    ...offered.map((found) => el("p", {}, when(found.slot) + STATES[found.state])),
    waits ? row : null,
    other(item, decide),
    history(item.history),
  );
}

/** Three other times and a word, folded away until they are wanted. */
function other(item, decide) {
  const field = (number) => el("label", {}, `Autre créneau ${number} `, el("input", { name: "slot", type: "datetime-local" }));
  const send = (event) => {
    event.preventDefault();
    attempt(async () => {
      const sent = new FormData(event.target);
      const slots = sent.getAll("slot").filter(Boolean).map((at) => new Date(at).toISOString());
      await decide({ decision: "propose", proposedSlots: slots, message: sent.get("message") || undefined });
    }, event.submitter);
  };
  return el(
    "details",
    {},
    el("summary", {}, "Proposer d’autres créneaux"),
    el(
      "form",
      { submit: send },
      field(1),
      field(2),
      field(3),
      el("label", {}, "Un mot ", el("textarea", { name: "message", maxlength: "2000", rows: "2" })),
      el("button", {}, "Proposer"),
    ),
  );
}

/** Nothing is drawn anew while somebody writes: what they wrote would be gone. */
const writing = () => Boolean(document.querySelector("#requests details[open] form"));

async function draw(userId) {
  const [waiting, scheduled, running, pending, countered] = await Promise.all([
    call("waiting-room"),
    call("list-meetings", null, { status: "scheduled" }),
    call("list-meetings", null, { status: "in_progress" }),
    call("list-requests", null, { status: "pending" }),
    call("list-requests", null, { status: "countered" }),
  ]);
  const show = (id, found, none) =>
    byId(id).replaceChildren(...(found.length ? found : [el("p", { class: "soft" }, none)]));
  const arrivals = [...waiting.items.map(arrival), everybody(waiting.items)].filter(Boolean);
  show("waiting", arrivals, "Personne n’attend.");
  const live = [...running.items, ...scheduled.items];
  show("meetings", await Promise.all(live.map(meeting)), "Aucun rendez-vous.");
  const requests = [...pending.items, ...countered.items];
  if (!writing()) show("requests", requests.map(request), "Aucune demande.");
  if (typeof userId === "string") listen(`operator:${userId}:inbox`, () => draw());
  goToNamed();
}

calendarFeed(byId("calendar"));
await page(draw);
