-- migrate:up transaction:false

create index concurrently meetings_live
  on public.meetings (operator_id, created_at desc, id desc)
  where status in ('scheduled', 'in_progress');

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
