-- migrate:up

create table public.notifications (
  id             uuid        primary key default gen_random_uuid(),
  recipient_type text        not null check (recipient_type in ('client', 'operator')),
  recipient_id   uuid        not null,
  type           text        not null,
  title          text        not null,
  body           text        not null,
  link           text,
  read_at        timestamptz,
  created_at     timestamptz not null default now()
);
comment on table public.notifications is
  'What a person was told. recipient_id is operators.id or clients.id, as recipient_type says.';
create index notifications_newest
  on public.notifications (recipient_type, recipient_id, created_at desc, id desc);

create table public.lobby_knocks (
  id          uuid        primary key default gen_random_uuid(),
  meeting_id  uuid        not null references public.meetings (id) on delete cascade,
  client_id   uuid        not null references public.clients (id) on delete cascade,
  status      text        not null default 'waiting'
    constraint lobby_knocks_status check (status in ('waiting', 'admitted', 'denied', 'left')),
  reason      text,
  since       timestamptz not null default now(),
  renewed_at  timestamptz not null default now(),
  admitted_at timestamptz,
  ended_at    timestamptz,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);
comment on table public.lobby_knocks is 'One row for each arrival of the client in a lobby.';
comment on column public.lobby_knocks.renewed_at is 'The lease: too long without it and the client has left.';
create unique index lobby_knocks_one_live on public.lobby_knocks (meeting_id)
  where status in ('waiting', 'admitted');
create index lobby_knocks_meeting on public.lobby_knocks (meeting_id, created_at desc);
create index lobby_knocks_client on public.lobby_knocks (client_id);
create index lobby_knocks_lease on public.lobby_knocks (renewed_at) where status = 'waiting';

create trigger touch before update on public.lobby_knocks
  for each row execute function visio.touch_updated_at();

alter table public.notifications enable row level security;
alter table public.notifications force row level security;
alter table public.lobby_knocks enable row level security;
alter table public.lobby_knocks force row level security;

create policy "an operator sees their notifications" on public.notifications
  for select to authenticated, visio_app
  using (recipient_type = 'operator' and recipient_id = (select auth.uid()));
create policy "a client sees their notifications" on public.notifications
  for select to authenticated, visio_app
  using (recipient_type = 'client'
    and recipient_id in (select id from public.clients where auth_user_id = (select auth.uid())));
create policy "an operator marks their notifications as read" on public.notifications
  for update to visio_app
  using (recipient_type = 'operator' and recipient_id = (select auth.uid()))
  with check (recipient_type = 'operator' and recipient_id = (select auth.uid()));
create policy "a client marks their notifications as read" on public.notifications
  for update to visio_app
  using (recipient_type = 'client'
    and recipient_id in (select id from public.clients where auth_user_id = (select auth.uid())))
  with check (recipient_type = 'client'
    and recipient_id in (select id from public.clients where auth_user_id = (select auth.uid())));
create policy "an operator tells their own clients" on public.notifications
  for insert to visio_app
  with check (recipient_type = 'client'
    and recipient_id in (select id from public.clients where operator_id = (select auth.uid())));
create policy "a client tells their operator" on public.notifications
  for insert to visio_app
  with check (recipient_type = 'operator' and recipient_id in (
    select operator_id from public.clients where auth_user_id = (select auth.uid())));
create policy "the system tells everybody" on public.notifications
  for all to visio_system
  using ((select auth.role()) = 'visio_system')
  with check ((select auth.role()) = 'visio_system');

create policy "a party sees the knocks on their meetings" on public.lobby_knocks
  for select to authenticated, visio_app
  using (meeting_id in (select id from public.meetings));
create policy "a client knocks on their own meeting" on public.lobby_knocks
  for insert to visio_app
  with check (status = 'waiting' and exists (
    select from public.meetings m join public.clients c on c.id = m.client_id
     where m.id = meeting_id and c.id = lobby_knocks.client_id
       and c.auth_user_id = (select auth.uid())));
create policy "a party changes the knocks on their meetings" on public.lobby_knocks
  for update to visio_app
  using (meeting_id in (select id from public.meetings))
  with check (meeting_id in (select id from public.meetings));
create policy "the system keeps knocks" on public.lobby_knocks
  for all to visio_system
  using ((select auth.role()) = 'visio_system')
  with check ((select auth.role()) = 'visio_system');
comment on policy "a party sees the knocks on their meetings" on public.lobby_knocks is
  'The inner select runs under the policies of meetings: it holds just the caller''s own.';

grant select on public.notifications to visio_app, visio_system;
grant select (id, recipient_type, recipient_id, type, title, body, link, read_at, created_at)
  on public.notifications to authenticated;
grant insert (id, recipient_type, recipient_id, type, title, body, link, created_at)
  on public.notifications to visio_app, visio_system;
grant update (read_at) on public.notifications to visio_app;

grant select on public.lobby_knocks to visio_app, visio_system;
grant select (id, meeting_id, client_id, status, reason, since, admitted_at, ended_at)
  on public.lobby_knocks to authenticated;
grant insert (id, meeting_id, client_id, since, renewed_at) on public.lobby_knocks to visio_app;
grant update (status, reason, since, renewed_at, admitted_at, ended_at)
  on public.lobby_knocks to visio_app, visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
