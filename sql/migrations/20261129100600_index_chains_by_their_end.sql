-- migrate:up transaction:false

create index concurrently calcom_chains_over
  on visio.calcom_chains ((case when ends_at is null then created_at else ends_at end));

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
