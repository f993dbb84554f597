-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '10s';

-- A lobby's latest knock is the one with the latest time, and `now()` is when its transaction began: one that
-- began first and came second to the lock left a knock behind one that had ended before it was made.
alter table public.lobby_knocks alter column created_at set default pg_catalog.clock_timestamp();

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
