-- migrate:up transaction:false

-- Each new request asks how many a client has open, and some have hundreds that are over.
create index concurrently meeting_requests_client_open
  on public.meeting_requests (client_id) where status in ('pending', 'countered');

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
