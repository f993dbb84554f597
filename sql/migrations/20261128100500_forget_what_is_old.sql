-- migrate:up

set local lock_timeout = '3s';
set local statement_timeout = '30s';

-- The sweep forgets. How young nothing goes is said here, and not only by whoever asks.
create policy "the system sees how old the record is" on public.transitions
  for select to visio_system using ((select auth.role()) = 'visio_system');
create policy "the system forgets what is on record for five years" on public.transitions
  for delete to visio_system
  using ((select auth.role()) = 'visio_system' and recorded_at < now() - interval '5 years');
grant select (id, recorded_at), delete on public.transitions to visio_system;
comment on table public.transitions is
  'Who changed what, when, through which function and why: appended with the change, never altered, '
  'kept for five years.';

create policy "what was told within a year stays" on public.notifications
  as restrictive for delete to visio_system
  using (created_at < now() - interval '1 year');
grant delete on public.notifications to visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
