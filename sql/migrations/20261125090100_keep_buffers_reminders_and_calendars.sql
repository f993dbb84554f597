-- migrate:up

alter table public.meetings
  add column buffer_minutes      integer     not null default 0
    constraint meetings_buffer check (buffer_minutes between 0 and 1440),
  add column ical_uid            text        check (length(ical_uid) between 1 and 255),
  add column ical_sequence       integer     not null default 0 check (ical_sequence >= 0),
  add column reminded_day_at     timestamptz,
  add column reminded_quarter_at timestamptz;
comment on column public.meetings.buffer_minutes is
  'The rest that the operator keeps after this meeting, as it was set when the time was agreed on.';
comment on column public.meetings.ical_uid is
  'The UID in calendars where Cal.com gave one; the meeting''s own id is it otherwise.';
comment on column public.meetings.ical_sequence is 'SEQUENCE in calendars: rises with each change there.';

-- In UTC without a zone, since a sum with an interval is immutable there alone.
alter table public.meetings drop constraint meetings_one_at_a_time;
alter table public.meetings add constraint meetings_one_at_a_time
  exclude using gist (
    operator_id with =,
    tsrange(scheduled_at at time zone 'UTC',
            (ends_at at time zone 'UTC') + make_interval(mins => buffer_minutes), '[)') with &&)
  where (status in ('scheduled', 'in_progress'));
comment on constraint meetings_one_at_a_time on public.meetings is
  'Of two acceptances of overlapping slots the second fails, whatever the code believed.';

create index meetings_remind_day on public.meetings (scheduled_at)
  where status = 'scheduled' and reminded_day_at is null;
create index meetings_remind_quarter on public.meetings (scheduled_at)
  where status = 'scheduled' and reminded_quarter_at is null;

grant insert (buffer_minutes) on public.meetings to visio_app;
grant insert (buffer_minutes, ical_uid, ical_sequence) on public.meetings to visio_system;
grant update (ical_sequence) on public.meetings to visio_app, visio_system;
grant update (reminded_day_at, reminded_quarter_at) on public.meetings to visio_system;

create table visio.calendar_feeds (
  side       text        not null check (side in ('client', 'operator')),
  person_id  uuid        not null,
  token_hash text        not null unique,
  created_at timestamptz not null default now(),
  primary key (side, person_id)
);
comment on table visio.calendar_feeds is
  'The secret address under which a person''s calendar program reads their meetings: its hash.';
alter table visio.calendar_feeds enable row level security;
alter table visio.calendar_feeds force row level security;
create policy "an operator keeps their own feed" on visio.calendar_feeds
  for all to visio_app
  using (side = 'operator' and person_id = (select auth.uid()))
  with check (side = 'operator' and person_id = (select auth.uid()));
create policy "a client keeps their own feed" on visio.calendar_feeds
  for all to visio_app
  using (side = 'client' and person_id in (
    select id from public.clients where auth_user_id = (select auth.uid())))
  with check (side = 'client' and person_id in (
    select id from public.clients where auth_user_id = (select auth.uid())));
create policy "the system finds a feed by its token" on visio.calendar_feeds
  for select to visio_system
  using ((select auth.role()) = 'visio_system');
grant select, delete on visio.calendar_feeds to visio_app;
grant insert (side, person_id, token_hash) on visio.calendar_feeds to visio_app;
grant select on visio.calendar_feeds to visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
