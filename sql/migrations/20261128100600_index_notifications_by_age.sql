-- migrate:up transaction:false

create index concurrently notifications_age on public.notifications (created_at);

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
