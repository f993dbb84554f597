-- migrate:up transaction:false

drop index concurrently public.meeting_requests_called_off;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
