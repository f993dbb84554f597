// The operator's page: decide on requests, see who waits, let them in.

import { button, call, el, inWords, listen, page, when } from "/visio.js";

const byId = (id) => document.getElementById(id);

async function meeting(item) {
  const lobby = await call("lobby-state", null, { meetingId: item.id });
  const knock = lobby.knock?.status;
  const signal = (name, reason) =>
    call("lobby-signal", { meetingId: item.id, signal: name, reason }).then(draw);
  const row = el("div", { class: "row" });
  if (knock === "waiting") {
    row.append(
      button("Faire entrer", () => signal("operator_joined")),
      button("Pas maintenant", () => signal("entry_denied", "Un instant, je vous reprends."), "plain"),
    );
  }
  if (knock === "admitted") row.append(button("Renvoyer en salle d’attente", () => signal("back_to_lobby"), "plain"));
  if (lobby.meetingStatus === "in_progress") row.append(button("Terminer", () => signal("meeting_ended"), "plain"));
  if (lobby.meetingStatus === "scheduled") row.append(button("Annuler", () => cancel(item.id), "plain"));
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

function request(item) {
  const decide = (decision) => call("decide-request", { requestId: item.id, ...decision }).then(draw);
  return el(
    "article",
    { id: `request-${item.id}`, class: "card" },
    el("strong", {}, `Demande ${inWords(item.status)}`),
    item.message && el("p", {}, item.message),
    el(
      "div",
      { class: "row" },
      ...item.requestedSlots.map((slot) =>
        button(when(slot), () => decide({ decision: "accept", selectedSlot: slot })),
      ),
      button(
        "Refuser",
        async () => {
          const reason = prompt("Pour quelle raison ?");
          if (reason) await decide({ decision: "reject", reason });
        },
        "plain",
      ),
    ),
  );
}

async function draw(userId) {
  const [scheduled, running, requests] = await Promise.all([
    call("list-meetings", null, { status: "scheduled" }),
    call("list-meetings", null, { status: "in_progress" }),
    call("list-requests", null, { status: "pending" }),
  ]);
  const show = (id, found, none) =>
    byId(id).replaceChildren(...(found.length ? found : [el("p", { class: "soft" }, none)]));
  const live = [...running.items, ...scheduled.items];
  show("meetings", await Promise.all(live.map(meeting)), "Aucun rendez-vous.");
  show("requests", requests.items.map(request), "Aucune demande.");
  if (typeof userId === "string") listen(`operator:${userId}:inbox`, () => draw());
}

await page(draw);
