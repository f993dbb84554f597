-- migrate:up transaction:false

create index concurrently notifications_unread
  on public.notifications (recipient_type, recipient_id, created_at desc, id desc) where read_at is null;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
