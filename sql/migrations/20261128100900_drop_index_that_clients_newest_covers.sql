-- migrate:up transaction:false

drop index concurrently public.clients_operator_id;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
