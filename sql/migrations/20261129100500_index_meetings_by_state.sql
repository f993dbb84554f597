-- migrate:up transaction:false

create index concurrently meetings_operator_state
  on public.meetings (operator_id, status, created_at desc, id desc);

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
