"""docs/scale.md, the charts and what pages say of them follow from bench/results/, all of it."""

import json
import re
import xml.etree.ElementTree as ET  # our own files, just written
from dataclasses import replace

import hcl2
import pytest

from bench import figures, plots, scale, simulate, svg
from bench.simulate import Costs
from bench.svg import Axis, Bar, Mark
from local.gateway import names
from tests.world import PROJECT

CHEAP = {kind: Costs(0.002, 0.001, 1) for kind in simulate.PLACE}
START = 0.4


def busy(consultants=200, there=simulate.USUAL, spent=CHEAP):
    return simulate.played(consultants, there, spent, START)


def refused(hour):
    return sum(function["refused"] for function in hour["functions"].values())


@pytest.mark.parametrize("path", plots.written(), ids=lambda path: path.name)
def test_each_page_and_chart_is_what_is_computed(path):
    assert path.read_text() == plots.written()[path], "run `make plots`"


def test_no_chart_is_left_behind_that_nothing_draws():
    drawn = {f"{one.name}.svg" for one in figures.figures(figures.results())}

    assert {path.name for path in figures.FOLDER.glob("*.svg")} == drawn


def test_every_figure_cites_what_its_file_has():
    found = figures.results()
    cited = re.findall(r"`(\w+)\.json`, `([^`]+)`", " ".join(scale.TARGET.read_text().split()))

    for name, path in cited:
        values = [found[name]]
        for key in path.split("."):
            values = [
                inner
                for value in values
                for inner in (value.values() if key == "*" else [value[key]])
            ]
    assert len(cited) > 5


def test_the_same_hour_is_played_the_same_each_time():
    assert busy() == busy()


def test_more_people_ask_for_more():
    few, many = busy(100, simulate.ENDLESS), busy(400, simulate.ENDLESS)

    assert many["waitingAtOnce"] > 2 * few["waitingAtOnce"]
    assert many["databaseProcessors"] > 2 * few["databaseProcessors"]
    assert many["messagesASecond"] > 2 * few["messagesASecond"]
    assert many["socketsWanted"] > 2 * few["socketsWanted"]


def test_where_nothing_lacks_nobody_is_refused_and_every_bell_rings():
    hour = busy(there=simulate.ENDLESS)

    assert refused(hour) == 0
    assert hour["bells"]["heard"] == hour["bells"]["signals"] > 0
    assert hour["bells"]["toldAgain"] == 0


def test_a_processor_that_is_full_makes_callers_wait_and_go():
    slow = {**CHEAP, "renew": Costs(3.0, 0.001, 1)}

    hour = busy(spent=slow)

    assert hour["functions"]["lobby_signal"]["refused"] > 0
    assert hour["functions"]["lobby_signal"]["ms"]["p50"] > 500
    assert hour["functions"]["lobby_state"]["refused"] == 0


def test_a_database_that_is_full_makes_everybody_wait():
    slow = {kind: Costs(0.002, 0.1, 1) for kind in simulate.PLACE}

    quick, hour = busy(), busy(spent=slow)

    for name in simulate.FUNCTIONS:
        assert hour["functions"][name]["ms"]["p50"] > quick["functions"][name]["ms"]["p50"] + 90
    assert hour["transactionsAtOnce"] > quick["transactionsAtOnce"]


def test_one_connection_is_a_queue():
    alone = replace(simulate.USUAL, connections=1)
    distant = {kind: Costs(0.002, 0.001, 40) for kind in simulate.PLACE}

    assert busy(there=alone)["transactionsAtOnce"] == 1
    narrow = busy(there=alone, spent=distant)["functions"]["lobby_signal"]["ms"]
    assert narrow["p99"] > busy(spent=distant)["functions"]["lobby_signal"]["ms"]["p99"]


def test_over_realtimes_limit_bells_come_late_and_are_told_again():
    narrow = replace(simulate.USUAL, messages_a_second=1)

    hour = busy(there=narrow)

    assert hour["bells"]["toldAgain"] > 0
    assert hour["bells"]["ms"]["p99"] > 10_000
    assert hour["functions"]["relay_signal"]["calls"] > hour["bells"]["signals"]


def test_who_gets_no_socket_polls():
    without = replace(simulate.USUAL, sockets=0)

    assert (
        busy(there=without)["functions"]["lobby_state"]["calls"]
        > 2 * busy()["functions"]["lobby_state"]["calls"]
    )


def test_a_cold_start_is_waited_for():
    warm = simulate.played(20, simulate.USUAL, CHEAP, 0.0)
    cold = simulate.played(20, simulate.USUAL, CHEAP, 2.0)

    assert (
        cold["functions"]["lobby_signal"]["ms"]["p99"]
        > warm["functions"]["lobby_signal"]["ms"]["p99"]
    )


def test_what_is_turned_on_is_enough_for_its_peak():
    dear = {kind: Costs(0.2, 0.002, 2) for kind in simulate.PLACE}

    size = simulate.simulated(dear, START, base=100, factors=[1, 10])["10"]

    assert refused(size["asDeployed"]) > 0
    assert refused(size["turnedOn"]) == 0
    assert size["turnedOn"]["what"]["instances"]["lobby_signal"] > 2
    assert size["asked"]["lobby_signal"] > 1


def test_a_pooler_is_turned_on_where_threads_outnumber_connections():
    peak = busy(there=simulate.ENDLESS)

    assert not simulate.sized(peak, 1).pooler
    assert simulate.sized(peak, 10_000).pooler


def test_what_is_simulated_is_what_terraform_deploys():
    text = (PROJECT / "infra" / "functions" / "functions.tf").read_text()
    [sizes] = [block["sizes"] for block in hcl2.loads(text)["locals"] if "sizes" in block]
    usual = re.search(r"usual = \{ concurrency = (\d+), instances = (\d+)", text)

    for name in set(simulate.FUNCTIONS) - {"lists"}:
        size = sizes.get(name) or {"concurrency": usual[1], "instances": usual[2]}
        assert simulate.USUAL.instances[name] == int(size["instances"]), name
        assert simulate.USUAL.threads[name] == int(size["concurrency"]), name
    every = sum(
        int(size["concurrency"]) * int(size["instances"])
        for size in (
            sizes.get(name) or {"concurrency": usual[1], "instances": usual[2]} for name in names()
        )
    )
    played = sum(n * simulate.USUAL.threads[name] for name, n in simulate.USUAL.instances.items())
    assert every - played == simulate.OTHER_THREADS
    # Three lists and who-am-i.
    assert simulate.USUAL.instances["lists"] == 4 * int(usual[2])
    assert simulate.USUAL.threads["lists"] == int(usual[1])


def test_a_demand_is_full_between_sizes_or_beyond_them():
    assert scale.fills([(1, 0.01), (10, 0.1)]) == pytest.approx(100)
    assert scale.fills([(1, 0.1), (100, 10.0)]) == pytest.approx(10)
    assert scale.fills([(1, 0.9), (10, 0.9), (100, 1.0)]) == pytest.approx(100)
    assert scale.fills([(1, 2.0), (10, 20.0)]) == pytest.approx(0.5)


def test_a_chart_is_well_formed_and_says_what_it_shows():
    drawn = svg.bars("A & B", "<more>", [Bar("one", 1, "1 <")], [Mark(2, "goal")], unit="ms")

    root = ET.fromstring(drawn)  # noqa: S314 -- just drawn

    words = " ".join(root.itertext())
    assert "A & B" in words
    assert "1 <" in words
    assert "goal" in words


def test_an_axis_of_powers_of_ten_is_even_in_them():
    axis = Axis(1, 1000, 0, 300, log=True)

    assert [round(axis.at(value)) for value in (1, 10, 100, 1000)] == [0, 100, 200, 300]


def test_what_was_not_measured_has_no_figure():
    found = figures.results()
    latest = {**found["latest"]}
    del latest["sweep"], latest["coldStartRatio"]

    there = {one.name for one in figures.figures({"latest": latest})}

    assert there.isdisjoint({"sweep", "cold-start", "lobbies", "scale", "growth"})
    assert "accept" in there


def test_what_is_measured_elsewhere_is_drawn_once_it_is_there():
    latest = json.loads((figures.FOLDER / "latest.json").read_text())
    ms = {"p50": 2.0, "p99": 9.0, "p99.9": 31.0}
    one = {"rateRatio": 0.25, "perSecond": 500, "helloPerSecond": 2000, "ms": ms, "helloMs": ms}
    latest["throughput"] = {
        "threads": 8,
        "knocks": {
            "1": {**one, "lockWaits": {"looked": 9, "seen": {"transactionid": 2}}},
            "8": {**one, "lockWaits": {"looked": 9, "seen": {"extend": 3}}},
        },
    }
    latest["memoryRatio"] = {"who_am_i": 1.7, "send_push": 1.9}
    growth = {
        "sizes": {"1000": {}, "1000000": {}},
        "actions": {"list-requests": {"ratio": {"1000": 1.0, "1000000": 1.4}}},
    }

    made = {o.name: o for o in figures.figures({"latest": latest, "growth": growth})}

    assert "500 of 2,000 a second" in made["throughput"].drawing
    assert "31" in made["tails"].drawing
    assert "**not met**, 2 such waits were seen in 18 looks, and 3" in str(
        made["throughput"].goals[0]
    )
    assert "the largest is `send_push` with 1.90" in str(made["memory"].goals[0])
    assert "0 of 1 with 1,000,000 requests; the largest is 1.4" in str(made["growth"].goals[0])


def test_a_goal_says_whether_it_is_met():
    found = json.loads((figures.FOLDER / "latest.json").read_text())
    found["acceptMs"]["10"], slow = 24.0, {**found, "acceptMs": {**found["acceptMs"], "10": 26.0}}

    [met], [missed] = (figures._accept({"latest": one}).goals for one in (found, slow))

    assert ": met, 24 ms" in str(met)
    assert "**not met**, 26 ms" in str(missed)
