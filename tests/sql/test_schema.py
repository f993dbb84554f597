"""The snapshot of the schema tells the truth."""

from local import schema


def test_the_snapshot_is_what_the_migrations_make(database):
    assert schema.dump(database.admin) == schema.TARGET.read_text(), "run `make schema`"


def test_a_change_shows(database, rows):
    rows("alter table public.meetings add column x text")

    assert schema.dump(database.admin) != schema.TARGET.read_text()
