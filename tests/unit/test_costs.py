"""The sums of docs/costs.md are right, and follow from what was measured."""

import dataclasses
import re

import pytest

from bench import costs, paces
from bench.costs import Habits, Line
from tests.cloud import planned
from tests.world import PROJECT
from visio.domain import lobby


def test_the_page_is_what_is_computed():
    text = costs.TARGET.read_text()

    assert costs.page(text) == text, "run `make costs`"


@pytest.mark.parametrize("column", [5, 7])
def test_the_lines_of_the_page_add_up(column):
    bill = [
        line.split("|")
        for line in costs.TARGET.read_text().splitlines()
        if line.count("|") == 8 and re.search(r"\d", line.split("|")[column])
    ]

    *lines, together = [float(re.sub(r"[*, ]", "", cells[column])) for cells in bill]

    assert round(sum(lines), 2) == together


def test_what_is_included_is_not_paid():
    assert Line("", 2.0, "million requests").price == 0
    assert Line("", 3.5, "million requests").price == 0.60


def test_a_slower_call_costs_more(monkeypatch):
    thousand = Habits(consultants=1000)
    before = costs.total(costs.bill(thousand))

    monkeypatch.setattr(costs, "measured", lambda: {"call": 1.0, "start": 0.4})

    assert costs.total(costs.bill(thousand)) > before


def test_more_meetings_cost_more():
    usual = Habits(consultants=1000)
    busy = dataclasses.replace(usual, meetings=120)

    assert costs.total(costs.bill(busy)) > costs.total(costs.bill(usual))


def test_every_line_has_a_price_of_a_stated_day():
    units = {line.unit for count in (1, 1000) for line in costs.bill(Habits(consultants=count))}

    assert units <= costs.PRICES.keys()
    assert costs.PRICES_OF in costs.TARGET.read_text()


def test_the_pages_ask_as_often_as_is_priced():
    pages = PROJECT / "web" / "visio"
    ours, live = (pages / "lobby.js").read_text(), (pages / "live.js").read_text()

    assert f"const RENEW = {paces.RENEW:.0f}_000;" in ours
    assert f"this.state.lobby?.pollAfterMs ?? {paces.POLL:.0f}_000" in ours
    assert f"this.state.items.length ? {paces.LOOK:.0f}_000" in ours
    assert f"const SLOW = {paces.ANYWAY:.0f}_000;" in live


def made(module, name):
    """A map, or a list, of one of infra/'s modules, as its text has it."""
    folder = PROJECT / "infra" / module
    text = "\n".join(path.read_text() for path in sorted(folder.glob("*.tf")))
    [found] = re.findall(rf"^  {name} += \{{\n(.*?)^  \}}", text, re.MULTILINE | re.DOTALL)
    return found


def test_the_scheduler_has_as_many_jobs_and_calls_as_often_as_is_priced():
    ours = dict(re.findall(r'(\w+) += "(.*)"', made("functions", "schedules")))
    theirs = re.findall(r"schedule = ", made("calcom/cloud_run", "crons"))

    assert ours == {
        "complete_meetings": "* * * * *",
        "reconcile_calcom": f"*/{costs.RECONCILED} * * * *",
    }
    assert len(ours) + len(theirs) == costs.JOBS
    assert costs.calls(Habits(consultants=1))["reconciliation, each 10 minutes"] == 4_320


def test_as_many_secrets_are_priced_as_there_are():
    """Where rooms are LiveKit's and the database is a Cloud SQL, as in the bill."""
    groups = re.findall(
        r'^ +"?([\w ]+?)"? += \[(.*)\]$', made("functions", "secret_settings"), re.MULTILINE
    )
    kept = {name: set(re.findall(r'"([A-Z_]+)"', names)) for name, names in groups}
    needed = {group for one in planned().values() for group in one.needs} - {"rooms"}
    needed |= {"livekit", "calcom"}
    variables = set().union(*(kept.get(group, set()) for group in needed))
    theirs = set(re.findall(r'"(calcom-[\w-]+)"', made("calcom/cloud_run", "secrets")))
    authority = 1

    assert len(planned()) + len(variables) + authority + len(theirs) == costs.SECRETS


def test_the_lease_outlives_what_is_said_of_it():
    assert lobby.AWAY.total_seconds() == 2 * paces.RENEW
    assert lobby.LEASE.total_seconds() == 8 * paces.RENEW


def test_an_hour_of_waiting_has_the_calls_that_pages_make():
    everybody_polls, nobody = costs.hour(without_socket=1.0), costs.hour(without_socket=0.0)

    assert nobody == {"renew": 240, "poll": 60, "look": 240}
    assert everybody_polls == {**nobody, "poll": 720}


def test_a_shorter_interval_costs_more():
    prices = [costs.hour_price(costs.hour(renew=span)) for span in costs.SPANS]

    assert prices == sorted(prices, reverse=True)
    assert costs.hour_price(costs.hour(poll=2)) > costs.hour_price(costs.hour())


def test_the_chosen_intervals_stand_out():
    marked = re.findall(r"^\| \*\*(\d+) s\*\*", costs.TARGET.read_text(), re.MULTILINE)

    assert marked == [f"{paces.RENEW:.0f}", f"{paces.POLL:.0f}"]
