-- migrate:up transaction:false

create index concurrently meeting_requests_called_off
  on public.meeting_requests (updated_at) where source = 'calcom' and status = 'cancelled';

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
