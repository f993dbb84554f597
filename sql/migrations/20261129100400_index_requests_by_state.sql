-- migrate:up transaction:false

create index concurrently meeting_requests_operator_state
  on public.meeting_requests (operator_id, status, created_at desc, id desc);

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
