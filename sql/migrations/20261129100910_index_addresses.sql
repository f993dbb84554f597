-- migrate:up transaction:false

create index concurrently operators_email_key on public.operators (email_key);

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
