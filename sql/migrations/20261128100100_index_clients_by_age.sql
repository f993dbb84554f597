-- migrate:up transaction:false

create index concurrently clients_newest on public.clients (operator_id, created_at desc, id desc);

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
