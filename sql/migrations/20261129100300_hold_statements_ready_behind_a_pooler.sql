-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '10s';

-- Behind a pooler each transaction may have another session, and nobody knows which statements that one
-- holds ready. So whoever is about to run a batch of them has it hold them first. That a batch has been
-- seen to is noted in a setting of the session's; a transaction that fails takes the note with it, and
-- leaves the statements.
create function visio.hold(batch text, names text, statements text) returns void
  language plpgsql volatile strict security invoker set search_path = ''
as $$
declare
  wanted record;
begin
  if pg_catalog.current_setting('visio.held_' || batch, true) = 'yes' then
    return;
  end if;
  for wanted in
    select each.name, each.statement
      from rows from (
             pg_catalog.string_to_table(names, ' '),
             pg_catalog.string_to_table(statements, pg_catalog.chr(31))) as each(name, statement)
     where not exists (select from pg_catalog.pg_prepared_statements as held
                        where held.name = each.name)
  loop
    execute pg_catalog.format('prepare %I as %s', wanted.name, wanted.statement);
  end loop;
  perform pg_catalog.set_config('visio.held_' || batch, 'yes', false);
end $$;

comment on function visio.hold(text, text, text) is
  'Statements, one for each name, that this session is to hold ready.';

revoke execute on function visio.hold(text, text, text) from public;
grant execute on function visio.hold(text, text, text) to visio_app, visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
