-- migrate:up

create table visio.signal_outbox (
  event_id        uuid        primary key,
  channel         text        not null,
  event           text        not null,
  payload         jsonb       not null,
  created_at      timestamptz not null default now(),
  published_at    timestamptz,
  attempts        integer     not null default 0,
  next_attempt_at timestamptz not null default now() + interval '30 seconds'
);
comment on table visio.signal_outbox is
  'Written with the change, published after its commit; the sweep publishes what stayed behind.';
create index signal_outbox_unpublished on visio.signal_outbox (next_attempt_at)
  where published_at is null;
create index signal_outbox_published on visio.signal_outbox (published_at)
  where published_at is not null;

create table visio.relayed_signals (
  event_id   uuid        primary key,
  claimed_at timestamptz not null default now(),
  sent_at    timestamptz
);
comment on table visio.relayed_signals is 'Makes a redelivered signal one broadcast.';
create index relayed_signals_age on visio.relayed_signals (claimed_at);

create table visio.dead_signals (
  id          uuid        primary key default gen_random_uuid(),
  reason      text        not null,
  envelope    jsonb       not null,
  created_at  timestamptz not null default now()
);
comment on table visio.dead_signals is 'Signals that can never be broadcast as they are, kept to be looked at.';

create table visio.webhook_inbox (
  id          uuid        primary key default gen_random_uuid(),
  trigger     text        not null,
  uid         text,
  body        jsonb       not null,
  body_sha256 text        not null,
  logical_key text,
  status      text        not null
    constraint webhook_inbox_status
      check (status in ('received', 'applied', 'ignored', 'quarantined', 'conflict')),
  meeting_id  uuid        references public.meetings (id) on delete set null,
  received_at timestamptz not null default now(),
  constraint webhook_inbox_same_body unique (body_sha256),
  constraint webhook_inbox_same_event unique (logical_key)
);
comment on table visio.webhook_inbox is
  'Every signed event once, less its passwords. quarantined and conflict wait for the operator.';
create index webhook_inbox_uid on visio.webhook_inbox (uid);
create index webhook_inbox_meeting on visio.webhook_inbox (meeting_id);

create table visio.calcom_bookings (
  uid         text        primary key,
  meeting_id  uuid        not null references public.meetings (id) on delete cascade,
  created_at  timestamptz not null default now()
);
comment on table visio.calcom_bookings is 'Which meeting a Cal.com booking became.';
create index calcom_bookings_meeting on visio.calcom_bookings (meeting_id);

create table visio.idempotency_keys (
  caller      uuid        not null,
  function    text        not null,
  key         text        not null,
  fingerprint text        not null,
  answer      jsonb       not null,
  created_at  timestamptz not null default now(),
  primary key (caller, function, key)
);
comment on table visio.idempotency_keys is 'What a caller''s key was answered with. Kept for a day.';
create index idempotency_keys_age on visio.idempotency_keys (created_at);

alter table visio.idempotency_keys enable row level security;
alter table visio.idempotency_keys force row level security;
create policy "a caller sees their own keys" on visio.idempotency_keys
  for select to visio_app using (caller = (select auth.uid()));
create policy "a caller keeps their own keys" on visio.idempotency_keys
  for insert to visio_app with check (caller = (select auth.uid()));
create policy "the system forgets old keys" on visio.idempotency_keys
  for all to visio_system
  using ((select auth.role()) = 'visio_system')
  with check ((select auth.role()) = 'visio_system');

grant insert (event_id, channel, event, payload, created_at, next_attempt_at)
  on visio.signal_outbox to visio_app, visio_system;
grant select (event_id) on visio.signal_outbox to visio_app;
grant update (published_at) on visio.signal_outbox to visio_app;
grant select, delete on visio.signal_outbox to visio_system;
grant update (published_at, attempts, next_attempt_at) on visio.signal_outbox to visio_system;
grant select, insert, delete on visio.relayed_signals to visio_system;
grant update (claimed_at, sent_at) on visio.relayed_signals to visio_system;
grant select, insert on visio.dead_signals to visio_system;
grant select, insert on visio.webhook_inbox to visio_system;
grant update (status, meeting_id) on visio.webhook_inbox to visio_system;
grant select, insert on visio.calcom_bookings to visio_system;
grant select, insert on visio.idempotency_keys to visio_app;
grant select, delete on visio.idempotency_keys to visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
