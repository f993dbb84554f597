-- migrate:up transaction:false

drop index concurrently visio.webhook_inbox_uid;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
