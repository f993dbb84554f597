-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '10s';

-- By default a table is vacuumed once a fifth of its rows have died. A lobby rewrites the few rows that
-- are live, again and again, in a table of all there ever were, and what is said rewrites its outbox:
-- the larger these are, the more dead rows a look for the live ones goes through.
alter table public.lobby_knocks
  set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
alter table visio.signal_outbox
  set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
alter table visio.relayed_signals
  set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
alter table visio.mail_outbox
  set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
