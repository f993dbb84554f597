-- migrate:up

-- Cal.com tells a booking's life in any order, under uids that change: a chain is all that belongs
-- together, and what our rows say follows from the whole of it.
create table visio.calcom_chains (
  id          uuid        primary key default gen_random_uuid(),
  client_id   uuid        references public.clients (id) on delete cascade,
  operator_id uuid        references public.operators (id) on delete cascade,
  state       text        not null default 'open'
    constraint calcom_chains_state check (state in ('open', 'quarantined', 'conflict', 'dismissed')),
  summary     jsonb,
  ends_at     timestamptz,
  created_at  timestamptz not null default now(),
  constraint calcom_chains_shown_have_a_summary check (state = 'open' or summary is not null)
);
comment on table visio.calcom_chains is
  'Bookings of Cal.com that belong together. quarantined and conflict wait for the operator.';
comment on column visio.calcom_chains.client_id is 'Whose bookings they are, once that is known: for good.';
comment on column visio.calcom_chains.operator_id is
  'Whom it concerns. Null where nobody is named: then every operator sees it in quarantine.';
comment on column visio.calcom_chains.summary is 'What the operator needs to see of it to decide.';
comment on column visio.calcom_chains.ends_at is 'When the last of its bookings ends: kept for 30 days more.';
create index calcom_chains_client on visio.calcom_chains (client_id);
create index calcom_chains_waiting on visio.calcom_chains (operator_id, created_at desc, id desc)
  where state in ('quarantined', 'conflict');
create index calcom_chains_age on visio.calcom_chains (coalesce(ends_at, created_at));

create table visio.calcom_keys (
  key      text primary key,
  chain_id uuid not null references visio.calcom_chains (id) on delete cascade
);
comment on table visio.calcom_keys is
  'By what an event finds its chain: the uid of a booking, the series it is of.';
create index calcom_keys_chain on visio.calcom_keys (chain_id);

alter table visio.webhook_inbox
  add column chain_id   uuid        references visio.calcom_chains (id) on delete cascade,
  add column told       jsonb,
  add column client_id  uuid        references public.clients (id) on delete set null,
  add column by_token   boolean     not null default false,
  add column starts_at  timestamptz,
  add column ends_at    timestamptz,
  add column keep_until timestamptz not null default now() + interval '30 days',
  alter column body drop not null,
  drop constraint webhook_inbox_status,
  add constraint webhook_inbox_status check (status in (
    'received', 'applied', 'ignored', 'stale', 'quarantined', 'conflict', 'dismissed', 'malformed'));
comment on table visio.webhook_inbox is
  'Every signed event once, less its passwords. quarantined and conflict wait for the operator.';
comment on column visio.webhook_inbox.body is 'Null once its time is over and only what it told is needed.';
comment on column visio.webhook_inbox.told is 'What the event says of its booking, as far as it means something.';
comment on column visio.webhook_inbox.client_id is
  'Whom the event itself is bound to: by a booking link''s token, or by ids with the client''s own e-mail.';
comment on column visio.webhook_inbox.keep_until is
  'Later than any copy of it would be taken in, so that none is taken in twice.';
create index webhook_inbox_chain on visio.webhook_inbox (chain_id);
create index webhook_inbox_ical on visio.webhook_inbox ((told ->> 'ical_uid'));
create index webhook_inbox_client on visio.webhook_inbox (client_id);
create index webhook_inbox_age on visio.webhook_inbox (keep_until) where body is not null;
create index webhook_inbox_loose on visio.webhook_inbox (keep_until) where chain_id is null;
create index webhook_inbox_received on visio.webhook_inbox (received_at, id);

alter table visio.calcom_bookings
  add column request_id uuid references public.meeting_requests (id) on delete cascade,
  add column chain_id   uuid references visio.calcom_chains (id) on delete cascade,
  add column phase      text
    constraint calcom_bookings_phase check (phase in ('requested', 'confirmed', 'rejected', 'cancelled')),
  add column attempts   integer     not null default 0,
  add column asked_at   timestamptz;
comment on table visio.calcom_bookings is
  'Which request of ours a booking became, and by it which meeting. The uid is that of its latest move.';
comment on column visio.calcom_bookings.phase is
  'How far Cal.com has told that it has come. Where we have decided otherwise, Cal.com is to be told.';
comment on column visio.calcom_bookings.attempts is 'How often that was tried, last at asked_at.';

-- What was taken in before there were chains: each booking is one of its own.
do $$
declare
  booked record;
  made   uuid;
begin
  for booked in
    select b.uid, m.client_id, m.operator_id, m.ends_at, r.id as request_id
      from visio.calcom_bookings b
      join public.meetings m on m.id = b.meeting_id
      join public.meeting_requests r on r.meeting_id = m.id
  loop
    insert into visio.calcom_chains (client_id, operator_id, ends_at)
    values (booked.client_id, booked.operator_id, booked.ends_at)
    returning id into made;
    insert into visio.calcom_keys (key, chain_id) values ('uid/' || booked.uid, made);
    update visio.calcom_bookings set chain_id = made, request_id = booked.request_id
     where uid = booked.uid;
  end loop;
end
$$;
delete from visio.calcom_bookings where request_id is null;
alter table visio.calcom_bookings
  drop column meeting_id,
  alter column request_id set not null,
  alter column chain_id set not null;
create unique index calcom_bookings_request on visio.calcom_bookings (request_id);
create index calcom_bookings_chain on visio.calcom_bookings (chain_id);

create function visio.hold_chain(keys text[], event jsonb) returns uuid
  language plpgsql volatile set search_path = ''
as $$
declare
  ical    text    := event ->> 'ical_uid';
  number  integer := (event ->> 'ical_sequence')::integer;
  seeks   boolean := event ->> 'trigger' = 'BOOKING_REQUESTED' and event ->> 'replaces' is null
                     and number > 0;
  found   uuid[];
  held    uuid[];
  kept    uuid;
begin
  -- A key that nobody knows yet is made by one transaction at a time.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(k, 4261))
     from (select unnest(keys || ('ical/' || ical)) as k order by 1) sorted
    where k is not null;
  -- A move that has to be confirmed names nothing of the booking it moves: both bear one name in
  -- calendars, the later one a higher sequence, and the same person booked them.
  if ical is not null then
    keys := keys || coalesce((
      select array_agg(distinct 'uid/' || w.uid) from visio.webhook_inbox w
       where w.told ->> 'ical_uid' = ical and w.uid <> event ->> 'uid' and w.status <> 'stale'
         and w.told ->> 'booker_email' = event ->> 'booker_email'
         and case when seeks then (w.told ->> 'ical_sequence')::integer < number
                  else w.trigger = 'BOOKING_REQUESTED' and w.told ->> 'replaces' is null
                       and (w.told ->> 'ical_sequence')::integer > number end), '{}');
  end if;
  loop
    select array_agg(distinct c.chain_id order by c.chain_id) into found
      from visio.calcom_keys c where c.key = any (keys);
    -- Chains may have become one while we waited: hold those there are now.
    exit when found is not distinct from held;
    perform from visio.calcom_chains c where c.id = any (found) order by c.id for update;
    held := found;
  end loop;
  if held is null then
    insert into visio.calcom_chains default values returning id into kept;
  else
    select c.id into kept from visio.calcom_chains c where c.id = any (held)
     order by c.client_id is null, c.created_at, c.id limit 1;
    if array_length(held, 1) > 1 then
      update visio.calcom_keys set chain_id = kept where chain_id = any (held);
      update visio.calcom_bookings set chain_id = kept where chain_id = any (held);
      update visio.webhook_inbox set chain_id = kept where chain_id = any (held);
      delete from visio.calcom_chains where id = any (held) and id <> kept;
    end if;
  end if;
  insert into visio.calcom_keys (key, chain_id)
  select distinct k, kept from unnest(keys) k
  on conflict do nothing;
  perform pg_catalog.set_config('visio.chain', kept::text, true);
  return kept;
end
$$;
comment on function visio.hold_chain(text[], jsonb) is
  'Locks the one chain that these keys belong to, made of several if need be, until the transaction ends.';
revoke all on function visio.hold_chain(text[], jsonb) from public;
grant execute on function visio.hold_chain(text[], jsonb) to visio_system;

create table visio.calcom_watermarks (
  source     text        primary key,
  read_until timestamptz not null
);
comment on table visio.calcom_watermarks is
  'Up to which change Cal.com''s own list of bookings has been read.';

alter table public.meetings
  add column client_no_show boolean not null default false;
create index meetings_ical_uid on public.meetings (ical_uid) where ical_uid is not null;
comment on column public.meetings.client_no_show is 'Whether the host said in Cal.com that the client did not come.';

alter table visio.calcom_chains enable row level security;
alter table visio.calcom_chains force row level security;
create policy "an operator sees what waits for them, or for nobody in particular" on visio.calcom_chains
  for select to visio_app
  using (state in ('quarantined', 'conflict')
    and exists (select from public.operators where id = (select auth.uid()))
    and (operator_id is null or operator_id = (select auth.uid())));
create policy "the system keeps chains" on visio.calcom_chains
  for all to visio_system
  using ((select auth.role()) = 'visio_system')
  with check ((select auth.role()) = 'visio_system');

grant select (id, operator_id, state, summary, created_at) on visio.calcom_chains to visio_app;
grant select, delete on visio.calcom_chains to visio_system;
grant insert (id, client_id, operator_id, state, summary, ends_at) on visio.calcom_chains to visio_system;
grant update (client_id, operator_id, state, summary, ends_at) on visio.calcom_chains to visio_system;
grant select, insert, delete on visio.calcom_keys to visio_system;
grant update (chain_id) on visio.calcom_keys to visio_system;
grant delete on visio.webhook_inbox to visio_system;
grant update (trigger, uid, chain_id, told, starts_at, ends_at, body)
  on visio.webhook_inbox to visio_system;
grant delete on visio.calcom_bookings to visio_system;
grant update (uid, chain_id, phase, attempts, asked_at) on visio.calcom_bookings to visio_system;
grant select, insert on visio.calcom_watermarks to visio_system;
grant update (read_until) on visio.calcom_watermarks to visio_system;

-- A booking that was over before we heard of it is written as what it is.
grant insert (status, cancel_reason, ended_at) on public.meetings to visio_system;
grant update (title, scheduled_at, ends_at, buffer_minutes, client_no_show) on public.meetings to visio_system;
grant insert (reason, remind_at) on public.meeting_requests to visio_system;
grant update (requested_slots, duration_minutes) on public.meeting_requests to visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
