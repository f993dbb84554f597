-- migrate:up transaction:false

create index concurrently calcom_bookings_requested on visio.calcom_bookings (uid) where phase = 'requested';

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
