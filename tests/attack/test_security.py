"""SECURITY.md says what is there."""

import re
import subprocess

import pytest

from tests.attack import __main__ as attack
from tests.world import PROJECT

PAGE = (PROJECT / "SECURITY.md").read_text()
NAMED = sorted(set(re.findall(r"`((?:tests|src|sql|docs)/[^`]+)`|\]\((docs/[^)#]+)\)", PAGE)))


@pytest.mark.parametrize("name", ["".join(both) for both in NAMED])
def test_every_file_that_the_page_names_is_there(name):
    assert (PROJECT / name).exists()


def test_the_page_names_an_address_and_a_test_for_each_attacker(tally):
    attackers = re.findall(r"^\| (?!who \||---)(.+?) \|.*\| (.*) \|$", PAGE, re.MULTILINE)

    assert "security@foxeo.example" in PAGE
    assert len(attackers) >= 10
    assert [who for who, by in attackers if "`tests/" not in by] == []
    tally("attackers of whom the page says what stops them", len(attackers))


LINE = {"part": "lobby", "what": "knocks", "cases": 3, "broken": 0, "seconds": 1.5}


def _pretending(monkeypatch, tmp_path, code, told):
    """`make attack` with a single part that ends so and tells this."""

    def run(arguments, **_):
        if told is not None:
            (tmp_path / "tally.json").write_text(told)
        return subprocess.CompletedProcess(arguments, code)

    monkeypatch.setattr(attack, "RESULTS", tmp_path)
    monkeypatch.setattr(attack, "PARTS", {"tally": ("pytest",)})
    monkeypatch.setattr(attack.subprocess, "run", run)
    return attack.main()


@pytest.mark.parametrize(
    ("code", "told", "ended"),
    [
        (0, '[{"part": "a", "what": "b", "cases": 3, "broken": 0, "seconds": 1}]', 0),
        (1, '[{"part": "a", "what": "b", "cases": 3, "broken": 1, "seconds": 1}]', 1),
        (1, '[{"part": "a", "what": "b", "cases": 3, "broken": 0, "seconds": 1}]', 1),
        (0, "[]", 1),
        (0, None, 1),
        (4, None, 1),
    ],
    ids=["well", "broken", "ended badly", "nothing", "silence", "not run"],
)
def test_an_attack_is_won_only_if_it_was_made(monkeypatch, tmp_path, capsys, code, told, ended):
    assert _pretending(monkeypatch, tmp_path, code, told) == ended
    assert "all of it" in capsys.readouterr().out


def test_the_table_adds_up():
    lines = attack.table([LINE, {**LINE, "broken": 1}]).splitlines()

    assert lines[0].split() == ["part", "what", "was", "tried", "cases", "broken", "seconds"]
    assert lines[-1].split() == ["all", "of", "it", "6", "1", "3.0"]
