-- migrate:up transaction:false

drop index concurrently public.lobby_knocks_waiting;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
