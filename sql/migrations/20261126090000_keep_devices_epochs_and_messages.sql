-- migrate:up

alter table public.lobby_knocks
  add column devices   text not null default 'untested'
    constraint lobby_knocks_devices check (devices in ('ready', 'sound_only', 'none', 'untested')),
  add column next_step text
    constraint lobby_knocks_next_step check (next_step in ('knock_again', 'ask_again', 'await_word')),
  add column remind_at timestamptz;
comment on column public.lobby_knocks.devices is 'What the client''s page found when it tried camera and microphone.';
comment on column public.lobby_knocks.next_step is 'What the operator who turned the client away would have them do.';
comment on column public.lobby_knocks.remind_at is
  'When the operator is told again, elsewhere. Null once that has been done, or the knock was answered.';
create index lobby_knocks_unanswered on public.lobby_knocks (remind_at) where remind_at is not null;
create index lobby_knocks_waiting on public.lobby_knocks (since) where status = 'waiting';
grant select (devices, next_step, renewed_at) on public.lobby_knocks to authenticated;
grant insert (devices, remind_at) on public.lobby_knocks to visio_app;
grant update (devices, next_step, remind_at) on public.lobby_knocks to visio_app, visio_system;

alter table public.meetings
  add column epoch              integer     not null default 0 check (epoch >= 0),
  add column client_joined_at   timestamptz,
  add column operator_joined_at timestamptz;
comment on column public.meetings.epoch is
  'Rises when an admission ends: a ticket carries the epoch it was given in, and no other is good.';
comment on column public.meetings.client_joined_at is
  'When the room''s server first saw the client there. Null where it told us nothing.';
grant update (epoch) on public.meetings to visio_app, visio_system;
grant update (client_joined_at, operator_joined_at) on public.meetings to visio_system;

create table public.lobby_messages (
  id          uuid        primary key default gen_random_uuid(),
  meeting_id  uuid        not null references public.meetings (id) on delete cascade,
  sender      text        not null check (sender in ('client', 'operator')),
  canned      text,
  body        text,
  created_at  timestamptz not null default now(),
  constraint lobby_messages_one_of_both check ((canned is null) <> (body is null)),
  constraint lobby_messages_length check (length(body) between 1 and 500 and length(canned) <= 40)
);
comment on table public.lobby_messages is
  'What the two say to each other at the lobby: a few words, or the key of a ready-made answer.';
create index lobby_messages_newest on public.lobby_messages (meeting_id, created_at desc, id desc);
alter table public.lobby_messages enable row level security;
alter table public.lobby_messages force row level security;
create policy "a party reads what was said at their lobby" on public.lobby_messages
  for select to authenticated, visio_app
  using (exists (select from public.meetings m where m.id = meeting_id));
create policy "a client speaks at their own lobby" on public.lobby_messages
  for insert to visio_app
  with check (sender = 'client' and exists (
    select from public.meetings m join public.clients c on c.id = m.client_id
     where m.id = meeting_id and c.auth_user_id = (select auth.uid())));
create policy "an operator speaks at the lobbies of their meetings" on public.lobby_messages
  for insert to visio_app
  with check (sender = 'operator' and exists (
    select from public.meetings m
     where m.id = meeting_id and m.operator_id = (select auth.uid())));
create policy "the system reads what was said at lobbies" on public.lobby_messages
  for select to visio_system
  using ((select auth.role()) = 'visio_system');
grant select on public.lobby_messages to visio_app, visio_system;
grant select (id, meeting_id, sender, canned, body, created_at) on public.lobby_messages to authenticated;
grant insert (id, meeting_id, sender, canned, body, created_at) on public.lobby_messages to visio_app;

-- An answer anywhere clears « Client en attente » everywhere.
alter table public.notifications add column meeting_id uuid;
comment on column public.notifications.meeting_id is
  'What it is about. No foreign key: what somebody was told stays when the meeting is gone.';
create index notifications_waiting on public.notifications (meeting_id)
  where type = 'client_waiting' and read_at is null;
grant insert (meeting_id) on public.notifications to visio_app, visio_system;
grant select (meeting_id) on public.notifications to authenticated;
grant update (read_at) on public.notifications to visio_system;
create policy "a client who waits no more sees what told of it" on public.notifications
  for select to visio_app
  using (recipient_type = 'operator' and type = 'client_waiting'
    and (select current_setting('visio.function', true)) in ('lobby_signal', 'cancel_meeting')
    and meeting_id in (
      select m.id from public.meetings m join public.clients c on c.id = m.client_id
       where c.auth_user_id = (select auth.uid())));
create policy "a client who waits no more clears what told of it" on public.notifications
  for update to visio_app
  using (recipient_type = 'operator' and type = 'client_waiting'
    and (select current_setting('visio.function', true)) in ('lobby_signal', 'cancel_meeting')
    and meeting_id in (
      select m.id from public.meetings m join public.clients c on c.id = m.client_id
       where c.auth_user_id = (select auth.uid())))
  with check (recipient_type = 'operator' and type = 'client_waiting');

-- Whoever may see a meeting may hear of it while there is anything to hear: until a little after
-- its end, so that a page that was cut off at that moment still hears of the end.
create or replace function visio.may_listen(topic text) returns boolean
  language sql stable security invoker set search_path = ''
as $$
  select case
    when topic ~ '^meeting:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:status$'
    then exists (
      select from public.meetings
       where id = substr(topic, 9, 36)::uuid
         and (status in ('scheduled', 'in_progress') or ended_at > now() - interval '15 minutes'))
    when topic ~ '^operator:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:inbox$'
    then exists (
      select from public.operators
       where id = substr(topic, 10, 36)::uuid and id = (select auth.uid()))
    when topic ~ '^client:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:inbox$'
    then exists (
      select from public.clients
       where id = substr(topic, 8, 36)::uuid and auth_user_id = (select auth.uid()))
    else false end
$$;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
