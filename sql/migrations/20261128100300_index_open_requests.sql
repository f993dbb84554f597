-- migrate:up transaction:false

create index concurrently meeting_requests_open
  on public.meeting_requests (operator_id, created_at desc, id desc)
  where status in ('pending', 'countered', 'accepted');

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
