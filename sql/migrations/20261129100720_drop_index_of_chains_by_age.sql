-- migrate:up transaction:false

drop index concurrently visio.calcom_chains_age;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
