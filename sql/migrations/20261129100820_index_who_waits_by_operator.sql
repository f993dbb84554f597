-- migrate:up transaction:false

create index concurrently lobby_knocks_operator_waiting
  on public.lobby_knocks (operator_id) where status = 'waiting';

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
