// The page behind an e-mail's link: it changes nothing until one of its buttons is pressed.

const byId = (id) => document.getElementById(id);
const token = location.hash.slice(1);
const TOLD = {
  true: "Vous recevrez des rappels. You will get reminders.",
  false: "Vous ne recevrez plus de rappels. You will get no more reminders.",
};

async function choose(reminders) {
  byId("problem").textContent = byId("told").textContent = "";
  const answer = await fetch("/functions/v1/mail-preferences", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token, reminders }),
  }).catch(() => null);
  const { data } = answer?.ok ? await answer.json() : {};
  if (data) byId("told").textContent = TOLD[data.reminders];
  else byId("problem").textContent = "Ce lien n’est plus valable. This link is no longer valid.";
}

byId("stop").addEventListener("click", () => choose(false));
byId("resume").addEventListener("click", () => choose(true));
