-- migrate:up transaction:false

drop index concurrently public.meetings_live;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
