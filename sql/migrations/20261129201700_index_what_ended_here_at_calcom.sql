-- migrate:up transaction:false

-- What was called off, rejected or withdrawn here of late may be confirmed in Cal.com all the same.
create index concurrently meeting_requests_ended_at_calcom on public.meeting_requests (updated_at)
 where source = 'calcom' and status in ('cancelled', 'rejected', 'withdrawn');

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
