"""What the generator makes is what the product would have written."""

import contextlib

import pytest

from bench.grow import TABLES, grow
from local import postgres
from tests.attack import invariants

ORPHANS = """
select conrelid::regclass || ' ' || conname,
       format('select count(*) from %s c where %s is not null and not exists (
                 select from %s p where p.%I = c.%I)',
              conrelid::regclass, quote_ident(a.attname), confrelid::regclass, b.attname, a.attname)
  from pg_constraint k
  join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
  join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
 where contype = 'f'"""


@pytest.mark.timeout(600)
def test_what_is_grown_breaks_no_invariant_and_leaves_every_index_as_it_was(database):
    with contextlib.closing(postgres.connect(database.admin)) as db:
        indexes = "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index"
        indexed = f"{indexes} where indisvalid and indisready and indislive order by 1"
        before = db.run(indexed)

        made = grow(database.admin, 2_000)

        assert made.rows["public.meeting_requests"] == 2_000
        assert min(made.rows[table] for table in TABLES) > 0
        assert invariants.violated(db) == []
        assert [name for name, query in db.run(ORPHANS) if db.run(query) != [[0]]] == []
        assert db.run(indexed) == before
