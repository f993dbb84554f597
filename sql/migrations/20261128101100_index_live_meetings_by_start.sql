-- migrate:up transaction:false

create index concurrently meetings_live_by_start
  on public.meetings (operator_id, scheduled_at) where status in ('scheduled', 'in_progress');

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
