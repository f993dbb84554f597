-- migrate:up

create table visio.room_orders (
  id              uuid        primary key,
  meeting_id      uuid        not null references public.meetings (id) on delete cascade,
  identity        text        not null,
  created_at      timestamptz not null default now(),
  attempts        integer     not null default 0,
  next_attempt_at timestamptz not null default now() + interval '30 seconds',
  handed_at       timestamptz,
  claimed_at      timestamptz,
  done_at         timestamptz,
  dropped_at      timestamptz,
  problem         text,
  constraint room_orders_one_end check (done_at is null or dropped_at is null)
);
comment on table visio.room_orders is
  'Whom the room''s server is to put out: written with the end of an admission, given after commit, '
  'tried again by the bus and by the sweep.';
comment on column visio.room_orders.claimed_at is 'Since when somebody gives it; a claim lasts 20 s.';
create index room_orders_due on visio.room_orders (next_attempt_at)
  where done_at is null and dropped_at is null;
create index room_orders_meeting on visio.room_orders (meeting_id);
create index room_orders_age on visio.room_orders (created_at);
grant insert (id, meeting_id, identity, created_at, next_attempt_at)
  on visio.room_orders to visio_app, visio_system;
grant select, delete on visio.room_orders to visio_system;
grant update (attempts, next_attempt_at, handed_at, claimed_at, done_at, dropped_at, problem)
  on visio.room_orders to visio_system;

create table visio.room_presence (
  meeting_id  uuid        not null references public.meetings (id) on delete cascade,
  session     text        not null check (length(session) between 1 and 100),
  side        text        check (side in ('client', 'operator')),
  joined_at   timestamptz,
  left_at     timestamptz,
  primary key (meeting_id, session)
);
comment on table visio.room_presence is
  'Who really is in the room, as its server tells: one row for each connection. side is null for '
  'whoever had no business there.';
comment on column visio.room_presence.joined_at is
  'Null where only its end was heard of: events may come late, twice or in the wrong order.';
alter table visio.room_presence enable row level security;
alter table visio.room_presence force row level security;
create policy "a party sees who is in the room of their meetings" on visio.room_presence
  for select to visio_app
  using (exists (select from public.meetings m where m.id = meeting_id));
create policy "the system keeps who is in the room" on visio.room_presence
  for all to visio_system
  using ((select auth.role()) = 'visio_system')
  with check ((select auth.role()) = 'visio_system');
grant select on visio.room_presence to visio_app, visio_system;
grant insert (meeting_id, session, side, joined_at, left_at) on visio.room_presence to visio_system;
grant update (side, joined_at, left_at) on visio.room_presence to visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
