-- migrate:up

create table public.meetings (
  id               uuid        primary key default gen_random_uuid(),
  client_id        uuid        not null references public.clients (id) on delete cascade,
  operator_id      uuid        not null references public.operators (id) on delete cascade,
  title            text        not null,
  scheduled_at     timestamptz not null,
  ends_at          timestamptz not null,
  status           text        not null default 'scheduled'
    constraint meetings_status check (status in ('scheduled', 'in_progress', 'completed', 'cancelled')),
  outcome          text
    constraint meetings_outcome
      check (outcome in ('held', 'client_absent', 'operator_absent', 'unknown')),
  source           text        not null default 'form' check (source in ('form', 'calcom')),
  started_at       timestamptz,
  ended_at         timestamptz,
  cancel_reason    text,
  operator_present boolean     not null default false,
  operator_seen_at timestamptz,
  client_seen_at   timestamptz,
  version          bigint      not null default 1,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  constraint meetings_last_some_time check (ends_at > scheduled_at),
  constraint meetings_outcome_when_completed check ((outcome is not null) = (status = 'completed')),
  constraint meetings_one_at_a_time
    exclude using gist (operator_id with =, tstzrange(scheduled_at, ends_at, '[)') with &&)
    where (status in ('scheduled', 'in_progress'))
);
comment on table public.meetings is 'The agreed times, and the lobby in front of each.';
comment on column public.meetings.version is 'Rises with every change of the meeting or its lobby.';
comment on constraint meetings_one_at_a_time on public.meetings is
  'Of two acceptances of overlapping slots the second fails, whatever the code believed.';
create index meetings_client_id on public.meetings (client_id, created_at desc, id desc);
create index meetings_operator_id on public.meetings (operator_id, created_at desc, id desc);
create index meetings_live_by_end on public.meetings (ends_at)
  where status in ('scheduled', 'in_progress');

create table public.meeting_requests (
  id               uuid        primary key default gen_random_uuid(),
  client_id        uuid        not null references public.clients (id) on delete cascade,
  operator_id      uuid        not null references public.operators (id) on delete cascade,
  requested_slots  jsonb       not null
    constraint meeting_requests_slots
      check (jsonb_typeof(requested_slots) = 'array' and jsonb_array_length(requested_slots) between 1 and 3),
  proposed_slots   jsonb,
  selected_slot    timestamptz,
  status           text        not null default 'pending'
    constraint meeting_requests_status check (status in (
      'pending', 'accepted', 'rejected', 'countered', 'withdrawn', 'expired', 'completed', 'cancelled')),
  message          text,
  reason           text,
  source           text        not null default 'form' check (source in ('form', 'calcom')),
  duration_minutes integer     not null default 60 check (duration_minutes between 1 and 1440),
  last_slot_at     timestamptz not null,
  meeting_id       uuid        references public.meetings (id) on delete set null,
  version          bigint      not null default 1,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  constraint meeting_requests_accepted_has_slot
    check (status not in ('accepted', 'completed') or selected_slot is not null)
);
comment on table public.meeting_requests is
  'Up to three slots that a client proposes, or a booking that came through Cal.com.';
comment on column public.meeting_requests.last_slot_at is
  'The latest instant still on offer: the sweep expires an undecided request when it has passed.';
create index idx_meeting_requests_client_id on public.meeting_requests (client_id);
create index idx_meeting_requests_operator_id_status on public.meeting_requests (operator_id, status);
create index meeting_requests_client_newest
  on public.meeting_requests (client_id, created_at desc, id desc);
create index meeting_requests_operator_newest
  on public.meeting_requests (operator_id, created_at desc, id desc);
create unique index meeting_requests_one_per_meeting on public.meeting_requests (meeting_id);
create index meeting_requests_due on public.meeting_requests (last_slot_at)
  where status in ('pending', 'countered');

create trigger touch before update on public.meetings
  for each row execute function visio.touch_updated_at();
create trigger touch before update on public.meeting_requests
  for each row execute function visio.touch_updated_at();

alter table public.meetings enable row level security;
alter table public.meetings force row level security;
alter table public.meeting_requests enable row level security;
alter table public.meeting_requests force row level security;

create policy "a client sees their meetings" on public.meetings
  for select to authenticated, visio_app
  using (client_id in (select id from public.clients where auth_user_id = (select auth.uid())));
create policy "an operator sees their meetings" on public.meetings
  for select to authenticated, visio_app
  using (operator_id = (select auth.uid()));
create policy "an operator agrees to meet their own client" on public.meetings
  for insert to visio_app
  with check (operator_id = (select auth.uid())
    and client_id in (select id from public.clients where operator_id = (select auth.uid())));
create policy "an operator changes their meetings" on public.meetings
  for update to visio_app
  using (operator_id = (select auth.uid()))
  with check (operator_id = (select auth.uid()));
create policy "a client changes their meetings" on public.meetings
  for update to visio_app
  using (client_id in (select id from public.clients where auth_user_id = (select auth.uid())))
  with check (client_id in (select id from public.clients where auth_user_id = (select auth.uid())));
create policy "the system keeps meetings" on public.meetings
  for all to visio_system
  using ((select auth.role()) = 'visio_system')
  with check ((select auth.role()) = 'visio_system');

create policy meeting_requests_select_owner on public.meeting_requests
  for select to authenticated, visio_app
  using (client_id in (select id from public.clients where auth_user_id = (select auth.uid())));
comment on policy meeting_requests_select_owner on public.meeting_requests is
  'A client sees their own requests.';
create policy meeting_requests_select_operator on public.meeting_requests
  for select to authenticated, visio_app
  using (operator_id = (select auth.uid()));
comment on policy meeting_requests_select_operator on public.meeting_requests is
  'An operator sees the requests made to them.';
create policy meeting_requests_insert_client on public.meeting_requests
  for insert to visio_app
  with check (status = 'pending' and exists (
    select from public.clients c
     where c.id = client_id and c.operator_id = meeting_requests.operator_id
       and c.auth_user_id = (select auth.uid())));
comment on policy meeting_requests_insert_client on public.meeting_requests is
  'A client asks their own operator, in their own name, through a function.';
create policy meeting_requests_update_operator on public.meeting_requests
  for update to visio_app
  using (operator_id = (select auth.uid()))
  with check (operator_id = (select auth.uid()));
comment on policy meeting_requests_update_operator on public.meeting_requests is
  'An operator decides on the requests made to them, through a function.';
create policy "a client answers for their own requests" on public.meeting_requests
  for update to visio_app
  using (client_id in (select id from public.clients where auth_user_id = (select auth.uid())))
  with check (client_id in (select id from public.clients where auth_user_id = (select auth.uid())));
create policy "the system keeps requests" on public.meeting_requests
  for all to visio_system
  using ((select auth.role()) = 'visio_system')
  with check ((select auth.role()) = 'visio_system');

grant select on public.meetings to visio_app, visio_system;
grant select (id, client_id, operator_id, title, scheduled_at, ends_at, status, outcome, source,
    started_at, ended_at, cancel_reason, operator_present, version, created_at, updated_at)
  on public.meetings to authenticated;
grant insert (id, client_id, operator_id, title, scheduled_at, ends_at, source, created_at)
  on public.meetings to visio_app, visio_system;
grant update (status, outcome, started_at, ended_at, cancel_reason, operator_present,
    operator_seen_at, client_seen_at, version)
  on public.meetings to visio_app, visio_system;

grant select on public.meeting_requests to visio_app, visio_system;
grant select (id, client_id, operator_id, requested_slots, proposed_slots, selected_slot, status,
    message, reason, source, duration_minutes, meeting_id, version, created_at, updated_at)
  on public.meeting_requests to authenticated;
grant insert (id, client_id, operator_id, requested_slots, message, duration_minutes, last_slot_at,
    created_at, updated_at)
  on public.meeting_requests to visio_app;
grant insert (id, client_id, operator_id, requested_slots, message, duration_minutes, last_slot_at,
    created_at, updated_at, selected_slot, status, source, meeting_id)
  on public.meeting_requests to visio_system;
grant update (status, selected_slot, proposed_slots, reason, last_slot_at, meeting_id, version,
    updated_at)
  on public.meeting_requests to visio_app, visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
