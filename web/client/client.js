// A client's page: propose slots, see what became of them, knock, enter when let in.

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
const waiting = new Map();
const tickets = new Map();

async function meeting(item) {
  const lobby = await call("lobby-state", null, { meetingId: item.id });
  const knock = lobby.knock?.status;
  if (knock === "waiting") waiting.set(item.id, lobby.knock.id);
  else waiting.delete(item.id);
  const signal = (name) => call("lobby-signal", { meetingId: item.id, signal: name }).then(draw);
  const card = el(
    "article",
    { id: `meeting-${item.id}`, class: knock === "waiting" ? "card waiting" : "card" },
    el("strong", {}, item.title),
    el("p", {}, when(item.scheduledAt)),
    el("p", { class: "soft" }, said(knock, lobby)),
    ...[messages(lobby.messages, "client")].filter(Boolean),
  );
  const row = el("div", { class: "row" });
  if (knock === "admitted") {
    row.append(button("Entrer dans la salle", () => enter(item.id)));
    if (tickets.has(item.id)) card.append(ticket(tickets.get(item.id)));
  } else if (knock !== "waiting") {
    row.append(button("Entrer dans la salle d’attente", () => signal("client_waiting")));
  }
  if (knock === "waiting" || knock === "admitted") {
    row.append(button("Quitter", () => signal("client_left"), "plain"));
  }
  const late = { meetingId: item.id, canned: "five_minutes_late" };
  row.append(button("Cinq minutes de retard", () => call("lobby-message", late).then(draw), "plain"));
  row.append(button("Ajouter à mon agenda", () => saveToCalendar(item.id), "plain"));
  card.append(row);
  listen(`meeting:${item.id}:status`, draw);
  return card;
}

function said(knock, lobby) {
  if (knock === "waiting") return "Vous patientez. On viendra vous chercher.";
  if (knock === "admitted") return "On vous attend : vous pouvez entrer.";
  if (knock === "denied") return `Pas maintenant${because(lobby.knock)}`;
  if (knock === "left" && lobby.knock.reason) return `On vous a fait sortir${because(lobby.knock)}`;
  return inWords(lobby.meetingStatus);
}

const NEXT = {
  knock_again: " Frappez de nouveau dans un moment.",
  ask_again: " Proposez d’autres créneaux.",
  await_word: " Attendez qu’on vous fasse signe.",
};

function because({ reason, nextStep }) {
  return `${reason ? ` : ${reason}` : "."}${NEXT[nextStep] ?? ""}`;
}

async function enter(meetingId) {
  tickets.set(meetingId, await call("join-meeting", { meetingId }));
  await draw();
}

function ticket({ url, expiresAt }) {
  const until = new Date(expiresAt).toLocaleTimeString("fr-FR");
  return el("p", {}, `Votre billet pour ${new URL(url).host} est valable jusqu’à ${until}.`);
}

function request(item) {
  const answer = (given) => call("answer-proposal", { requestId: item.id, ...given }).then(draw);
  const turnDown = (name, question) => async () => {
    const message = prompt(question);
    if (message !== null) await answer({ answer: name, message: message || undefined });
  };
  const row = el("div", { class: "row" });
  if (item.status === "countered") {
    row.append(
      ...item.proposedSlots.map((slot) => button(when(slot), () => answer({ answer: "accept", selectedSlot: slot }))),
      button("Aucun ne convient", turnDown("decline", "Un mot, si vous voulez"), "plain"),
    );
  }
  if (["pending", "countered"].includes(item.status)) {
    row.append(button("Retirer la demande", turnDown("withdraw", "Pourquoi la retirez-vous ? (si vous voulez)"), "plain"));
  }
  return el(
    "article",
    { id: `request-${item.id}`, class: item.status === "countered" ? "card waiting" : "card" },
    el("strong", {}, `Demande ${inWords(item.status)}`),
    ...item.requestedSlots.map((slot) => el("p", {}, when(slot))),
    item.reason && el("p", { class: "soft" }, item.reason),
    row.childElementCount ? row : null,
    history(item.history),
  );
}

async function draw() {
  const [meetings, requests] = await Promise.all([call("list-meetings"), call("list-requests")]);
  const live = meetings.items.filter((item) => ["scheduled", "in_progress"].includes(item.status));
  byId("meetings").replaceChildren(
    ...(live.length ? await Promise.all(live.map(meeting)) : [el("p", { class: "soft" }, "Aucun rendez-vous.")]),
  );
  byId("requests").replaceChildren(...requests.items.map(request));
  const own = meetings.items[0]?.clientId ?? requests.items[0]?.clientId;
  if (own) listen(`client:${own}:inbox`, draw);
  goToNamed();
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const sent = new FormData(event.target);
    const slots = sent.getAll("slot").filter(Boolean).map((slot) => new Date(slot).toISOString());
    await call("request-meeting", { requestedSlots: slots, message: sent.get("message") || undefined });
    event.target.reset();
    await draw();
  }, event.submitter);
});
byId("book").addEventListener("click", (event) =>
  attempt(async () => {
    const link = await call("booking-link", {});
    if (link.available) location.href = link.url;
    else throw new Error("L’agenda en ligne ne répond pas : proposez plutôt des créneaux ci-dessus.");
  }, event.target),
);

// A sign of life for every knock that waits: without it, it is away after half a minute, and gone
// after two. It names its arrival, so that it knocks no second time when it was just turned away.
setInterval(() => {
  for (const [meetingId, knockId] of waiting) {
    call("lobby-signal", { meetingId, signal: "client_waiting", knockId }).catch(() => draw());
  }
}, 15_000);

calendarFeed(byId("calendar"));
await page(draw);
