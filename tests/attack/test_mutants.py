"""Sabotages of the product that the tests must notice; all are tried by tests/attack/mutants.py."""

import ast

from tests.attack import mutants
from tests.attack.sabotages import MUTANTS
from tests.conftest import ON_ONE_SERVER
from tests.world import PROJECT


def _defined(file):
    """The tests of a file, by name."""
    tree = ast.parse((PROJECT / file).read_text())
    return {found.name for found in tree.body if isinstance(found, ast.FunctionDef)}


def test_each_sabotage_can_still_be_tried(tally):
    tests = {test for mutant in MUTANTS for test in mutant.tests}
    defined = {file: _defined(file) for file in {test.partition("::")[0] for test in tests}}

    misplaced = [m.name for m in MUTANTS if (PROJECT / m.file).read_text().count(m.old) != 1]
    missing = [t for t in tests if t.partition("::")[2] not in defined[t.partition("::")[0]]]

    assert (misplaced, missing) == ([], [])
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 20
    tally("sabotages that can be tried", len(MUTANTS))


@ON_ONE_SERVER
def test_a_sabotage_is_noticed_and_mended_again(database, tally):
    [mutant] = [m for m in MUTANTS if m.name == "who waits may enter"]
    addresses = {"admin": database.admin.rpartition("/")[0] + "/{}", "login": database.login}

    with mutants.copied() as home:
        before = (home / mutant.file).read_text()
        noticed = mutants.attempt(mutant, home, {"embedded": addresses})
        after = (home / mutant.file).read_text()

    assert noticed.killed_by == "tests/unit/test_rules.py::test_who_may_enter_the_room"
    assert before == after == (PROJECT / mutant.file).read_text()
    tally("sabotages tried")


def test_a_sabotage_that_nobody_notices_is_told():
    harmless = mutants.Mutant(
        "a comment",
        "src/visio/domain/lobby.py",
        "# A page renews its knock every 15 s",
        "# A page renews its knock now and then",
        ("tests/unit/test_rules.py::test_who_may_enter_the_room",),
    )

    with mutants.copied() as home:
        tried = mutants.attempt(harmless, home, {"embedded": {"admin": "", "login": ""}})

    assert (tried.killed_by, tried.problem) == (None, "survived")
