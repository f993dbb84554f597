-- migrate:up

create table visio.push_subscriptions (
  id          uuid        primary key default gen_random_uuid(),
  operator_id uuid        not null references public.operators (id) on delete cascade,
  endpoint    text        not null check (length(endpoint) <= 1000),
  p256dh      text        not null check (length(p256dh) <= 100),
  auth        text        not null check (length(auth) <= 30),
  created_at  timestamptz not null default now(),
  constraint push_subscriptions_once unique (operator_id, endpoint)
);
comment on table visio.push_subscriptions is
  'The browsers in which an operator wants to be told of who waits, and the keys to write to each.';
alter table visio.push_subscriptions enable row level security;
alter table visio.push_subscriptions force row level security;
create policy "an operator keeps their own subscriptions" on visio.push_subscriptions
  for all to visio_app
  using (operator_id = (select auth.uid()))
  with check (operator_id = (select auth.uid())
    and exists (select from public.operators where id = (select auth.uid())));
create policy "the system pushes, and forgets what is gone" on visio.push_subscriptions
  for all to visio_system
  using ((select auth.role()) = 'visio_system')
  with check ((select auth.role()) = 'visio_system');
grant select, delete on visio.push_subscriptions to visio_app, visio_system;
grant insert (operator_id, endpoint, p256dh, auth, created_at) on visio.push_subscriptions to visio_app;
grant update (p256dh, auth, created_at) on visio.push_subscriptions to visio_app;

create table visio.push_outbox (
  id              uuid        primary key default gen_random_uuid(),
  subscription_id uuid        not null references visio.push_subscriptions (id) on delete cascade,
  meeting_id      uuid        not null references public.meetings (id) on delete cascade,
  created_at      timestamptz not null default now(),
  attempts        integer     not null default 0,
  next_attempt_at timestamptz not null default now(),
  handed_at       timestamptz,
  claimed_at      timestamptz,
  sent_at         timestamptz,
  dropped_at      timestamptz,
  problem         text,
  constraint push_outbox_one_end check (sent_at is null or dropped_at is null)
);
comment on table visio.push_outbox is
  'Which browser is to be told of which lobby: written by the sweep, sent after commit.';
create index push_outbox_due on visio.push_outbox (next_attempt_at)
  where sent_at is null and dropped_at is null;
create index push_outbox_subscription on visio.push_outbox (subscription_id);
create index push_outbox_meeting on visio.push_outbox (meeting_id);
create index push_outbox_age on visio.push_outbox (created_at);
grant select, delete on visio.push_outbox to visio_system;
grant insert (subscription_id, meeting_id, created_at, next_attempt_at)
  on visio.push_outbox to visio_system;
grant update (attempts, next_attempt_at, handed_at, claimed_at, sent_at, dropped_at, problem)
  on visio.push_outbox to visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
