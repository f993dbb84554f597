-- migrate:up

-- Three rounds of offers at most, and when the operator is reminded of what still waits.
alter table public.meeting_requests
  add column rounds    integer     not null default 0
    constraint meeting_requests_rounds check (rounds between 0 and 3),
  add column remind_at timestamptz,
  add constraint meeting_requests_proposed_slots check (
    proposed_slots is null
    or (jsonb_typeof(proposed_slots) = 'array' and jsonb_array_length(proposed_slots) between 1 and 3)),
  add constraint meeting_requests_countered_has_slots
    check (status <> 'countered' or proposed_slots is not null);
comment on column public.meeting_requests.rounds is 'How often the operator has offered other slots.';
comment on column public.meeting_requests.remind_at is
  'Half the time to the first slot: when the operator is reminded. Null once that has been done.';
create index meeting_requests_remind on public.meeting_requests (remind_at)
  where status = 'pending' and remind_at is not null;
grant insert (remind_at) on public.meeting_requests to visio_app;
grant update (rounds, remind_at) on public.meeting_requests to visio_app, visio_system;
grant select (rounds) on public.meeting_requests to authenticated;

create table public.transitions (
  id          bigint      generated always as identity primary key,
  subject     text        not null check (subject in ('request', 'meeting', 'knock')),
  request_id  uuid,
  meeting_id  uuid,
  client_id   uuid        not null references public.clients (id) on delete cascade,
  operator_id uuid        not null references public.operators (id) on delete cascade,
  actor       text        not null check (actor in ('client', 'operator', 'calcom', 'system')),
  action      text        not null,
  from_status text,
  to_status   text        not null,
  at          timestamptz not null,
  message     text,
  slots       jsonb,
  function    text        not null
    default coalesce(nullif(current_setting('visio.function', true), ''), 'by hand'),
  recorded_at timestamptz not null default clock_timestamp(),
  constraint transitions_of_something check (request_id is not null or meeting_id is not null)
);
comment on table public.transitions is
  'Who changed what, when, through which function and why: appended with the change, never altered.';
comment on column public.transitions.request_id is
  'No foreign key: what happened stays true when the row it happened to is gone.';
create index transitions_request on public.transitions (request_id, id) where subject = 'request';
create index transitions_meeting on public.transitions (meeting_id, id);
create index transitions_client on public.transitions (client_id);
create index transitions_operator on public.transitions (operator_id);

create function visio.refuse_change() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  raise exception 'transitions are only ever added to' using errcode = 'insufficient_privilege';
end
$$;
revoke all on function visio.refuse_change() from public;
create trigger never_changed before update on public.transitions
  for each statement execute function visio.refuse_change();
create trigger never_emptied before truncate on public.transitions
  for each statement execute function visio.refuse_change();

alter table public.transitions enable row level security;
alter table public.transitions force row level security;
create policy "a client sees what happened to their requests and meetings" on public.transitions
  for select to authenticated, visio_app
  using (client_id in (select id from public.clients where auth_user_id = (select auth.uid())));
create policy "an operator sees what happened to their requests and meetings" on public.transitions
  for select to authenticated, visio_app
  using (operator_id = (select auth.uid()));
create policy "a client's deeds are recorded in their name" on public.transitions
  for insert to visio_app
  with check (actor = 'client' and exists (
    select from public.clients c
     where c.id = client_id and c.operator_id = transitions.operator_id
       and c.auth_user_id = (select auth.uid())));
create policy "an operator's deeds are recorded in their name" on public.transitions
  for insert to visio_app
  with check (actor = 'operator' and operator_id = (select auth.uid())
    and client_id in (select id from public.clients where operator_id = (select auth.uid())));
create policy "the system records its own deeds and Cal.com's" on public.transitions
  for insert to visio_system
  with check ((select auth.role()) = 'visio_system' and actor in ('calcom', 'system'));

grant select on public.transitions to authenticated, visio_app;
-- Not the function: its default names the one that the transaction was opened for.
grant insert (subject, request_id, meeting_id, client_id, operator_id, actor, action, from_status,
    to_status, at, message, slots)
  on public.transitions to visio_app, visio_system;

-- A client who is answering needs to know which of the slots on offer are free, and no other
-- function ever needs to see a client the times of others.
create policy "a client's answer sees when their operator is busy" on public.meetings
  for select to visio_app
  using (status in ('scheduled', 'in_progress')
    and (select current_setting('visio.function', true)) = 'answer_proposal'
    and operator_id in (select operator_id from public.clients where auth_user_id = (select auth.uid())));
create policy "a client agrees to a time that their operator offers" on public.meetings
  for insert to visio_app
  with check (exists (
    select from public.meeting_requests r
      join public.clients c on c.id = r.client_id and c.auth_user_id = (select auth.uid())
      cross join jsonb_array_elements_text(r.proposed_slots) s
     where r.client_id = meetings.client_id and r.operator_id = meetings.operator_id
       and r.status = 'countered'
       and cast(s as timestamptz) = meetings.scheduled_at
       and meetings.ends_at = meetings.scheduled_at + make_interval(mins => r.duration_minutes)));

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
