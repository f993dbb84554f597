// The page behind an e-mail's link: it changes nothing until one of its buttons is pressed.

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const token = location.hash.slice(1);
const STOPPED = "Vous ne recevrez plus de rappels. You will get no more reminders.";
const RESUMED = "Vous recevrez des rappels. You will get reminders.";

/** @param {boolean} reminders */
async function choose(reminders) {
  byId("problem").textContent = byId("told").textContent = "";
  const answer = await fetch("/config.json")
    .then((found) => found.json())
    .then(({ functionsUrl }) =>
      fetch(`${functionsUrl}/mail-preferences`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token, reminders }),
      }),
    )
    .catch(() => null);
  const { data } = answer?.ok ? await answer.json() : {};
  if (data) byId("told").textContent = data.reminders ? RESUMED : STOPPED;
  else byId("problem").textContent = "Ce lien n’est plus valable. This link is no longer valid.";
}

byId("stop").addEventListener("click", () => choose(false));
byId("resume").addEventListener("click", () => choose(true));
