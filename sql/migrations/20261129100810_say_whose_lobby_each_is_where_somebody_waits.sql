-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '10s';

-- ignore whole-table-write -- those who wait at this moment, by an index
update public.lobby_knocks k
   set operator_id = m.operator_id
  from public.meetings m
 where m.id = k.meeting_id and k.status = 'waiting' and k.operator_id is null;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
