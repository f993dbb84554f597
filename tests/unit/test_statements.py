"""Names become numbers, once for each statement, and nothing is taken for a name that is none."""

import importlib
import pkgutil

import pytest

from visio import adapters
from visio.adapters.statements import Statement, StatementRefused, text


@pytest.mark.parametrize(
    ("written", "sql", "names"),
    [
        ("select 1", "select 1", ()),
        ("select :a, :b, :a", "select $1, $2, $1", ("a", "b")),
        ("select cast(:id as uuid)", "select cast($1 as uuid)", ("id",)),
        ("where a=:a and(:b_2)is null", "where a=$1 and($2)is null", ("a", "b_2")),
        ("select '12:30', 'it''s:so', \"a:b\" -- :c\n, :d", None, ("d",)),
        ("select concat_ws(':', 'client', /* :x */ :id)", None, ("id",)),
        ("select m[:upto]", "select m[$1]", ("upto",)),
        ("select '?', '%s', 5 % 3 -- $1", "select '?', '%s', 5 % 3 -- $1", ()),
    ],
)
def test_names_become_numbers(written, sql, names):
    statement = text(written)

    assert statement.names == names
    assert statement.sql == (sql or written.replace(":d", "$1").replace(":id", "$1"))


@pytest.mark.parametrize(
    "misread",
    [
        "select :id::uuid",
        "select now()::text",
        "select :id :: uuid",
        "select ':inbox'",
        "select 'client' || ':inbox'",
        "select '{\"kept\":true} :at'",
        "select m[1:2]",
        "select :Upper",
        "select :a:b",
        "select a:b",
        "select $1",
        "select : id",
        "select 'it''s' || ':id'",
    ],
)
def test_what_would_be_misread_is_refused(misread):
    with pytest.raises(StatementRefused):
        text(misread)


def test_values_come_in_the_order_of_their_numbers():
    statement = text("select :b, :a, :b")

    assert statement.values({"a": 1, "b": 2}) == [2, 1]


@pytest.mark.parametrize("given", [{}, {"a": 1}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 3}])
def test_each_name_has_its_value_and_no_other_is_given(given):
    with pytest.raises(TypeError):
        text("select :a, :b").values(given)


def test_no_value_is_named_by_an_error():
    with pytest.raises(TypeError) as raised:
        text("select :a").values({"a": 1, "b": "c4n4ry"})

    assert "c4n4ry" not in str(raised.value)


def test_no_name_is_left_on_the_wire():
    """Every statement there is, as its module keeps it."""
    modules = [
        importlib.import_module(f"visio.adapters.{module.name}")
        for module in pkgutil.iter_modules(adapters.__path__)
    ]
    statements = [
        value for module in modules for value in vars(module).values() if type(value) is Statement
    ]

    assert len(statements) > 90
    for statement in statements:
        for number, name in enumerate(statement.names, 1):
            assert f"${number}" in statement.sql
            assert f":{name}" not in statement.sql
