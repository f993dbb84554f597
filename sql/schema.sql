-- What all migrations together make. Written by `make schema`, never by hand; a test holds
-- it against a database. The policy on realtime.messages is in its migration alone.

CREATE SCHEMA public;

COMMENT ON SCHEMA public IS 'standard public schema';

CREATE SCHEMA visio;

COMMENT ON SCHEMA visio IS 'What is not for browsers. Never exposed by an API.';

CREATE FUNCTION visio.caller() RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    RETURN auth.uid();

COMMENT ON FUNCTION visio.caller() IS 'auth.uid() for roles that may not look into the schema auth.';

CREATE FUNCTION visio.count_call(of_caller uuid, of_action text, burst integer, every interval) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  until timestamptz;
begin
  -- Looked at first without a lock: whoever comes too often waits for nobody, and writes nothing.
  select r.full_at into until
    from visio.call_rates r where r.caller = of_caller and r.action = of_action;
  if until is null or until + every <= clock_timestamp() + burst * every then
    insert into visio.call_rates as r (caller, action, full_at)
    values (of_caller, of_action, clock_timestamp() + every)
        on conflict (caller, action) do update
       set full_at = greatest(r.full_at, clock_timestamp()) + every
     where r.full_at + every <= clock_timestamp() + burst * every;
    if found then
      return;
    end if;
    -- Others of the same caller were quicker.
    select r.full_at into until
      from visio.call_rates r where r.caller = of_caller and r.action = of_action;
  end if;
  raise exception using
    errcode = 'VX429', message = 'a caller comes too often',
    detail = extract(epoch from until + every - burst * every - clock_timestamp())::text;
end
$$;

COMMENT ON FUNCTION visio.count_call(of_caller uuid, of_action text, burst integer, every interval) IS 'Counts one call; raises VX429, with how many seconds to wait, where it comes too often. A refused call changes nothing.';

CREATE FUNCTION visio.each_of(items jsonb) RETURNS SETOF jsonb
    LANGUAGE plpgsql IMMUTABLE STRICT ROWS 1
    SET search_path TO ''
    AS $$
begin
  return query select e.value from pg_catalog.jsonb_array_elements(items) as e;
end $$;

COMMENT ON FUNCTION visio.each_of(items jsonb) IS 'The items of a short list, to be joined by their ids.';

CREATE FUNCTION visio.hold(batch text, names text, statements text) RETURNS void
    LANGUAGE plpgsql STRICT
    SET search_path TO ''
    AS $$
declare
  wanted record;
begin
  if pg_catalog.current_setting('visio.held_' || batch, true) = 'yes' then
    return;
  end if;
  for wanted in
    select each.name, each.statement
      from rows from (
             pg_catalog.string_to_table(names, ' '),
             pg_catalog.string_to_table(statements, pg_catalog.chr(31))) as each(name, statement)
     where not exists (select from pg_catalog.pg_prepared_statements as held
                        where held.name = each.name)
  loop
    execute pg_catalog.format('prepare %I as %s', wanted.name, wanted.statement);
  end loop;
  perform pg_catalog.set_config('visio.held_' || batch, 'yes', false);
end $$;

COMMENT ON FUNCTION visio.hold(batch text, names text, statements text) IS 'Statements, one for each name, that this session is to hold ready.';

CREATE FUNCTION visio.hold_chain(keys text[], event jsonb) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
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

COMMENT ON FUNCTION visio.hold_chain(keys text[], event jsonb) IS 'Locks the one chain that these keys belong to, made of several if need be, until the transaction ends.';

CREATE FUNCTION visio.key_email() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.email_key := pg_catalog.lower(pg_catalog.btrim(new.email));
  return new;
end $$;

CREATE FUNCTION visio.may_listen(topic text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $_$
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
$_$;

COMMENT ON FUNCTION visio.may_listen(topic text) IS 'Runs as the listener: the policies of the tables it reads decide which rows there are.';

CREATE FUNCTION visio.name_operator() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.operator_id := (select m.operator_id from public.meetings m where m.id = new.meeting_id);
  return new;
end $$;

CREATE FUNCTION visio.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  raise exception 'transitions are only ever added to' using errcode = 'insufficient_privilege';
end
$$;

CREATE FUNCTION visio.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if new.updated_at = old.updated_at then  -- unless the change brings its own instant
    new.updated_at := now();
  end if;
  return new;
end
$$;

CREATE TABLE public.clients (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    auth_user_id uuid NOT NULL,
    operator_id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    locale text DEFAULT 'fr'::text NOT NULL,
    time_zone text DEFAULT 'Europe/Paris'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT clients_locale_check CHECK ((locale = ANY (ARRAY['fr'::text, 'en'::text]))),
    CONSTRAINT clients_name_check CHECK ((name <> ''::text))
);

ALTER TABLE ONLY public.clients FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.clients IS 'Customers, each of one operator. auth_user_id is auth.uid(), id is not.';

CREATE TABLE public.lobby_knocks (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    meeting_id uuid NOT NULL,
    client_id uuid NOT NULL,
    status text DEFAULT 'waiting'::text NOT NULL,
    reason text,
    since timestamp with time zone DEFAULT now() NOT NULL,
    renewed_at timestamp with time zone DEFAULT now() NOT NULL,
    admitted_at timestamp with time zone,
    ended_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    devices text DEFAULT 'untested'::text NOT NULL,
    next_step text,
    remind_at timestamp with time zone,
    operator_id uuid,
    CONSTRAINT lobby_knocks_devices CHECK ((devices = ANY (ARRAY['ready'::text, 'sound_only'::text, 'none'::text, 'untested'::text]))),
    CONSTRAINT lobby_knocks_next_step CHECK ((next_step = ANY (ARRAY['knock_again'::text, 'ask_again'::text, 'await_word'::text]))),
    CONSTRAINT lobby_knocks_status CHECK ((status = ANY (ARRAY['waiting'::text, 'admitted'::text, 'denied'::text, 'left'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.01', autovacuum_vacuum_threshold='1000');

ALTER TABLE ONLY public.lobby_knocks FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.lobby_knocks IS 'One row for each arrival of the client in a lobby.';

COMMENT ON COLUMN public.lobby_knocks.renewed_at IS 'The lease: too long without it and the client has left.';

COMMENT ON COLUMN public.lobby_knocks.devices IS 'What the client''s page found when it tried camera and microphone.';

COMMENT ON COLUMN public.lobby_knocks.next_step IS 'What the operator who turned the client away would have them do.';

COMMENT ON COLUMN public.lobby_knocks.remind_at IS 'When the operator is told again, elsewhere. Null once that has been done, or the knock was answered.';

COMMENT ON COLUMN public.lobby_knocks.operator_id IS 'Whose lobby it is, as the meeting says. Null on knocks that ended before this column was there.';

CREATE TABLE public.lobby_messages (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    meeting_id uuid NOT NULL,
    sender text NOT NULL,
    canned text,
    body text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT lobby_messages_length CHECK ((((length(body) >= 1) AND (length(body) <= 500)) AND (length(canned) <= 40))),
    CONSTRAINT lobby_messages_one_of_both CHECK (((canned IS NULL) <> (body IS NULL))),
    CONSTRAINT lobby_messages_sender_check CHECK ((sender = ANY (ARRAY['client'::text, 'operator'::text])))
);

ALTER TABLE ONLY public.lobby_messages FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.lobby_messages IS 'What the two say to each other at the lobby: a few words, or the key of a ready-made answer.';

CREATE TABLE public.meeting_requests (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    client_id uuid NOT NULL,
    operator_id uuid NOT NULL,
    requested_slots jsonb NOT NULL,
    proposed_slots jsonb,
    selected_slot timestamp with time zone,
    status text DEFAULT 'pending'::text NOT NULL,
    message text,
    reason text,
    source text DEFAULT 'form'::text NOT NULL,
    duration_minutes integer DEFAULT 60 NOT NULL,
    last_slot_at timestamp with time zone NOT NULL,
    meeting_id uuid,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    rounds integer DEFAULT 0 NOT NULL,
    remind_at timestamp with time zone,
    CONSTRAINT meeting_requests_accepted_has_slot CHECK (((status <> ALL (ARRAY['accepted'::text, 'completed'::text])) OR (selected_slot IS NOT NULL))),
    CONSTRAINT meeting_requests_countered_has_slots CHECK (((status <> 'countered'::text) OR (proposed_slots IS NOT NULL))),
    CONSTRAINT meeting_requests_duration_minutes_check CHECK (((duration_minutes >= 1) AND (duration_minutes <= 1440))),
    CONSTRAINT meeting_requests_proposed_slots CHECK (((proposed_slots IS NULL) OR ((jsonb_typeof(proposed_slots) = 'array'::text) AND ((jsonb_array_length(proposed_slots) >= 1) AND (jsonb_array_length(proposed_slots) <= 3))))),
    CONSTRAINT meeting_requests_rounds CHECK (((rounds >= 0) AND (rounds <= 3))),
    CONSTRAINT meeting_requests_slots CHECK (((jsonb_typeof(requested_slots) = 'array'::text) AND ((jsonb_array_length(requested_slots) >= 1) AND (jsonb_array_length(requested_slots) <= 3)))),
    CONSTRAINT meeting_requests_source_check CHECK ((source = ANY (ARRAY['form'::text, 'calcom'::text]))),
    CONSTRAINT meeting_requests_status CHECK ((status = ANY (ARRAY['pending'::text, 'accepted'::text, 'rejected'::text, 'countered'::text, 'withdrawn'::text, 'expired'::text, 'completed'::text, 'cancelled'::text])))
);

ALTER TABLE ONLY public.meeting_requests FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.meeting_requests IS 'Up to three slots that a client proposes, or a booking that came through Cal.com.';

COMMENT ON COLUMN public.meeting_requests.last_slot_at IS 'The latest instant still on offer: the sweep expires an undecided request when it has passed.';

COMMENT ON COLUMN public.meeting_requests.rounds IS 'How often the operator has offered other slots.';

COMMENT ON COLUMN public.meeting_requests.remind_at IS 'Half the time to the first slot: when the operator is reminded. Null once that has been done.';

CREATE TABLE public.meetings (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    client_id uuid NOT NULL,
    operator_id uuid NOT NULL,
    title text NOT NULL,
    scheduled_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    status text DEFAULT 'scheduled'::text NOT NULL,
    outcome text,
    source text DEFAULT 'form'::text NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    cancel_reason text,
    operator_present boolean DEFAULT false NOT NULL,
    operator_seen_at timestamp with time zone,
    client_seen_at timestamp with time zone,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    buffer_minutes integer DEFAULT 0 NOT NULL,
    ical_uid text,
    ical_sequence integer DEFAULT 0 NOT NULL,
    reminded_day_at timestamp with time zone,
    reminded_quarter_at timestamp with time zone,
    client_no_show boolean DEFAULT false NOT NULL,
    epoch integer DEFAULT 0 NOT NULL,
    client_joined_at timestamp with time zone,
    operator_joined_at timestamp with time zone,
    CONSTRAINT meetings_buffer CHECK (((buffer_minutes >= 0) AND (buffer_minutes <= 1440))),
    CONSTRAINT meetings_epoch_check CHECK ((epoch >= 0)),
    CONSTRAINT meetings_ical_sequence_check CHECK ((ical_sequence >= 0)),
    CONSTRAINT meetings_ical_uid_check CHECK (((length(ical_uid) >= 1) AND (length(ical_uid) <= 255))),
    CONSTRAINT meetings_last_some_time CHECK ((ends_at > scheduled_at)),
    CONSTRAINT meetings_outcome CHECK ((outcome = ANY (ARRAY['held'::text, 'client_absent'::text, 'operator_absent'::text, 'unknown'::text]))),
    CONSTRAINT meetings_outcome_when_completed CHECK (((outcome IS NOT NULL) = (status = 'completed'::text))),
    CONSTRAINT meetings_source_check CHECK ((source = ANY (ARRAY['form'::text, 'calcom'::text]))),
    CONSTRAINT meetings_status CHECK ((status = ANY (ARRAY['scheduled'::text, 'in_progress'::text, 'completed'::text, 'cancelled'::text])))
);

ALTER TABLE ONLY public.meetings FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.meetings IS 'The agreed times, and the lobby in front of each.';

COMMENT ON COLUMN public.meetings.version IS 'Rises with every change of the meeting or its lobby.';

COMMENT ON COLUMN public.meetings.buffer_minutes IS 'The rest that the operator keeps after this meeting, as it was set when the time was agreed on.';

COMMENT ON COLUMN public.meetings.ical_uid IS 'The UID in calendars where Cal.com gave one; the meeting''s own id is it otherwise.';

COMMENT ON COLUMN public.meetings.ical_sequence IS 'SEQUENCE in calendars: rises with each change there.';

COMMENT ON COLUMN public.meetings.client_no_show IS 'Whether the host said in Cal.com that the client did not come.';

COMMENT ON COLUMN public.meetings.epoch IS 'Rises when an admission ends: a ticket carries the epoch it was given in, and no other is good.';

COMMENT ON COLUMN public.meetings.client_joined_at IS 'When the room''s server first saw the client there. Null where it told us nothing.';

CREATE TABLE public.notifications (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    recipient_type text NOT NULL,
    recipient_id uuid NOT NULL,
    type text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    link text,
    read_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    meeting_id uuid,
    CONSTRAINT notifications_recipient_type_check CHECK ((recipient_type = ANY (ARRAY['client'::text, 'operator'::text])))
);

ALTER TABLE ONLY public.notifications FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.notifications IS 'What a person was told. recipient_id is operators.id or clients.id, as recipient_type says.';

COMMENT ON COLUMN public.notifications.meeting_id IS 'What it is about. No foreign key: what somebody was told stays when the meeting is gone.';

CREATE TABLE public.operators (
    id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    locale text DEFAULT 'fr'::text NOT NULL,
    time_zone text DEFAULT 'Europe/Paris'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    email_key text,
    CONSTRAINT operators_locale_check CHECK ((locale = ANY (ARRAY['fr'::text, 'en'::text]))),
    CONSTRAINT operators_name_check CHECK ((name <> ''::text))
);

ALTER TABLE ONLY public.operators FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.operators IS 'Consultants. The id is the auth user id, auth.uid().';

COMMENT ON COLUMN public.operators.email_key IS 'The address as it is looked for: in lower case, without blanks around it.';

CREATE TABLE public.transitions (
    id bigint NOT NULL,
    subject text NOT NULL,
    request_id uuid,
    meeting_id uuid,
    client_id uuid NOT NULL,
    operator_id uuid NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    from_status text,
    to_status text NOT NULL,
    at timestamp with time zone NOT NULL,
    message text,
    slots jsonb,
    function text DEFAULT COALESCE(NULLIF(current_setting('visio.function'::text, true), ''::text), 'by hand'::text) NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT transitions_actor_check CHECK ((actor = ANY (ARRAY['client'::text, 'operator'::text, 'calcom'::text, 'system'::text]))),
    CONSTRAINT transitions_of_something CHECK (((request_id IS NOT NULL) OR (meeting_id IS NOT NULL))),
    CONSTRAINT transitions_subject_check CHECK ((subject = ANY (ARRAY['request'::text, 'meeting'::text, 'knock'::text])))
);

ALTER TABLE ONLY public.transitions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.transitions IS 'Who changed what, when, through which function and why: appended with the change, never altered, kept for five years.';

COMMENT ON COLUMN public.transitions.request_id IS 'No foreign key: what happened stays true when the row it happened to is gone.';

ALTER TABLE public.transitions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.transitions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE visio.calcom_bookings (
    uid text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    request_id uuid NOT NULL,
    chain_id uuid NOT NULL,
    phase text,
    attempts integer DEFAULT 0 NOT NULL,
    asked_at timestamp with time zone,
    CONSTRAINT calcom_bookings_phase CHECK ((phase = ANY (ARRAY['requested'::text, 'confirmed'::text, 'rejected'::text, 'cancelled'::text])))
);

COMMENT ON TABLE visio.calcom_bookings IS 'Which request of ours a booking became, and by it which meeting. The uid is that of its latest move.';

COMMENT ON COLUMN visio.calcom_bookings.phase IS 'How far Cal.com has told that it has come. Where we have decided otherwise, Cal.com is to be told.';

COMMENT ON COLUMN visio.calcom_bookings.attempts IS 'How often that was tried, last at asked_at.';

CREATE TABLE visio.calcom_chains (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    client_id uuid,
    operator_id uuid,
    state text DEFAULT 'open'::text NOT NULL,
    summary jsonb,
    ends_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT calcom_chains_shown_have_a_summary CHECK (((state = 'open'::text) OR (summary IS NOT NULL))),
    CONSTRAINT calcom_chains_state CHECK ((state = ANY (ARRAY['open'::text, 'quarantined'::text, 'conflict'::text, 'dismissed'::text])))
);

ALTER TABLE ONLY visio.calcom_chains FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE visio.calcom_chains IS 'Bookings of Cal.com that belong together. quarantined and conflict wait for the operator.';

COMMENT ON COLUMN visio.calcom_chains.client_id IS 'Whose bookings they are, once that is known: for good.';

COMMENT ON COLUMN visio.calcom_chains.operator_id IS 'Whom it concerns. Null where nobody is named: then every operator sees it in quarantine.';

COMMENT ON COLUMN visio.calcom_chains.summary IS 'What the operator needs to see of it to decide.';

COMMENT ON COLUMN visio.calcom_chains.ends_at IS 'When the last of its bookings ends: kept for 30 days more.';

CREATE TABLE visio.calcom_keys (
    key text NOT NULL,
    chain_id uuid NOT NULL
);

COMMENT ON TABLE visio.calcom_keys IS 'By what an event finds its chain: the uid of a booking, the series it is of.';

CREATE TABLE visio.calcom_watermarks (
    source text NOT NULL,
    read_until timestamp with time zone NOT NULL
);

COMMENT ON TABLE visio.calcom_watermarks IS 'Up to which change Cal.com''s own list of bookings has been read.';

CREATE TABLE visio.calendar_feeds (
    side text NOT NULL,
    person_id uuid NOT NULL,
    token_hash text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT calendar_feeds_side_check CHECK ((side = ANY (ARRAY['client'::text, 'operator'::text])))
);

ALTER TABLE ONLY visio.calendar_feeds FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE visio.calendar_feeds IS 'The secret address under which a person''s calendar program reads their meetings: its hash.';

CREATE UNLOGGED TABLE visio.call_rates (
    caller uuid NOT NULL,
    action text NOT NULL,
    full_at timestamp with time zone NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE ONLY visio.call_rates FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE visio.call_rates IS 'How often each caller did what, over all instances. Without a row: not lately.';

COMMENT ON COLUMN visio.call_rates.full_at IS 'When this caller may do everything at once again: each call moves it on by what it costs.';

CREATE TABLE visio.dead_signals (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    reason text NOT NULL,
    envelope jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE visio.dead_signals IS 'Signals that can never be broadcast as they are, kept to be looked at.';

CREATE TABLE visio.idempotency_keys (
    caller uuid NOT NULL,
    function text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    answer jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY visio.idempotency_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE visio.idempotency_keys IS 'What a caller''s key was answered with. Kept for a day.';

CREATE TABLE visio.mail_choices (
    side text NOT NULL,
    person_id uuid NOT NULL,
    reminders boolean NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT mail_choices_side_check CHECK ((side = ANY (ARRAY['client'::text, 'operator'::text])))
);

COMMENT ON TABLE visio.mail_choices IS 'Who wants reminders by e-mail. Without a row: yes.';

CREATE TABLE visio.mail_outbox (
    id uuid NOT NULL,
    recipient_type text NOT NULL,
    recipient_id uuid NOT NULL,
    type text NOT NULL,
    facts jsonb NOT NULL,
    link text NOT NULL,
    meeting_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT (now() + '00:00:30'::interval) NOT NULL,
    handed_at timestamp with time zone,
    claimed_at timestamp with time zone,
    sent_at timestamp with time zone,
    dropped_at timestamp with time zone,
    problem text,
    CONSTRAINT mail_outbox_one_end CHECK (((sent_at IS NULL) OR (dropped_at IS NULL))),
    CONSTRAINT mail_outbox_recipient_type_check CHECK ((recipient_type = ANY (ARRAY['client'::text, 'operator'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.01', autovacuum_vacuum_threshold='1000');

COMMENT ON TABLE visio.mail_outbox IS 'E-mails written with the notification of the same id, sent after commit, tried again by the sweep.';

COMMENT ON COLUMN visio.mail_outbox.handed_at IS 'When the sweep last handed it to the bus.';

COMMENT ON COLUMN visio.mail_outbox.claimed_at IS 'Since when somebody is sending it; a claim lasts a minute.';

COMMENT ON COLUMN visio.mail_outbox.dropped_at IS 'When it was given up, or not sent because the person wants no reminders; problem says which.';

CREATE TABLE visio.push_outbox (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    subscription_id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now() NOT NULL,
    handed_at timestamp with time zone,
    claimed_at timestamp with time zone,
    sent_at timestamp with time zone,
    dropped_at timestamp with time zone,
    problem text,
    CONSTRAINT push_outbox_one_end CHECK (((sent_at IS NULL) OR (dropped_at IS NULL)))
);

COMMENT ON TABLE visio.push_outbox IS 'Which browser is to be told of which lobby: written by the sweep, sent after commit.';

CREATE TABLE visio.push_subscriptions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    operator_id uuid NOT NULL,
    endpoint text NOT NULL,
    p256dh text NOT NULL,
    auth text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT push_subscriptions_auth_check CHECK ((length(auth) <= 30)),
    CONSTRAINT push_subscriptions_endpoint_check CHECK ((length(endpoint) <= 1000)),
    CONSTRAINT push_subscriptions_p256dh_check CHECK ((length(p256dh) <= 100))
);

ALTER TABLE ONLY visio.push_subscriptions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE visio.push_subscriptions IS 'The browsers in which an operator wants to be told of who waits, and the keys to write to each.';

CREATE TABLE visio.relayed_signals (
    event_id uuid NOT NULL,
    claimed_at timestamp with time zone DEFAULT now() NOT NULL,
    sent_at timestamp with time zone
)
WITH (autovacuum_vacuum_scale_factor='0.01', autovacuum_vacuum_threshold='1000');

COMMENT ON TABLE visio.relayed_signals IS 'Makes a redelivered signal one broadcast.';

CREATE TABLE visio.room_orders (
    id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    identity text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT (now() + '00:00:30'::interval) NOT NULL,
    handed_at timestamp with time zone,
    claimed_at timestamp with time zone,
    done_at timestamp with time zone,
    dropped_at timestamp with time zone,
    problem text,
    CONSTRAINT room_orders_one_end CHECK (((done_at IS NULL) OR (dropped_at IS NULL)))
);

COMMENT ON TABLE visio.room_orders IS 'Whom the room''s server is to put out: written with the end of an admission, given after commit, tried again by the bus and by the sweep.';

COMMENT ON COLUMN visio.room_orders.claimed_at IS 'Since when somebody gives it; a claim lasts 20 s.';

CREATE TABLE visio.room_presence (
    meeting_id uuid NOT NULL,
    session text NOT NULL,
    side text,
    joined_at timestamp with time zone,
    left_at timestamp with time zone,
    CONSTRAINT room_presence_session_check CHECK (((length(session) >= 1) AND (length(session) <= 100))),
    CONSTRAINT room_presence_side_check CHECK ((side = ANY (ARRAY['client'::text, 'operator'::text])))
);

ALTER TABLE ONLY visio.room_presence FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE visio.room_presence IS 'Who really is in the room, as its server tells: one row for each connection. side is null for whoever had no business there.';

COMMENT ON COLUMN visio.room_presence.joined_at IS 'Null where only its end was heard of: events may come late, twice or in the wrong order.';

CREATE TABLE visio.schema_migrations (
    version character varying NOT NULL
);

CREATE TABLE visio.signal_outbox (
    event_id uuid NOT NULL,
    channel text NOT NULL,
    event text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    published_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT (now() + '00:00:30'::interval) NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.01', autovacuum_vacuum_threshold='1000');

COMMENT ON TABLE visio.signal_outbox IS 'Written with the change, published after its commit; the sweep publishes what stayed behind.';

CREATE TABLE visio.webhook_inbox (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    trigger text NOT NULL,
    uid text,
    body jsonb,
    body_sha256 text NOT NULL,
    logical_key text,
    status text NOT NULL,
    meeting_id uuid,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    chain_id uuid,
    told jsonb,
    client_id uuid,
    by_token boolean DEFAULT false NOT NULL,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    keep_until timestamp with time zone DEFAULT (now() + '30 days'::interval) NOT NULL,
    CONSTRAINT webhook_inbox_status CHECK ((status = ANY (ARRAY['received'::text, 'applied'::text, 'ignored'::text, 'stale'::text, 'quarantined'::text, 'conflict'::text, 'dismissed'::text, 'malformed'::text])))
);

COMMENT ON TABLE visio.webhook_inbox IS 'Every signed event once, less its passwords. quarantined and conflict wait for the operator.';

COMMENT ON COLUMN visio.webhook_inbox.body IS 'Null once its time is over and only what it told is needed.';

COMMENT ON COLUMN visio.webhook_inbox.told IS 'What the event says of its booking, as far as it means something.';

COMMENT ON COLUMN visio.webhook_inbox.client_id IS 'Whom the event itself is bound to: by a booking link''s token, or by ids with the client''s own e-mail.';

COMMENT ON COLUMN visio.webhook_inbox.keep_until IS 'Later than any copy of it would be taken in, so that none is taken in twice.';

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_one_per_user UNIQUE (auth_user_id);

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.lobby_knocks
    ADD CONSTRAINT lobby_knocks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.lobby_messages
    ADD CONSTRAINT lobby_messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.meeting_requests
    ADD CONSTRAINT meeting_requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.meetings
    ADD CONSTRAINT meetings_one_at_a_time EXCLUDE USING gist (operator_id WITH =, tsrange((scheduled_at AT TIME ZONE 'UTC'::text), ((ends_at AT TIME ZONE 'UTC'::text) + make_interval(mins => buffer_minutes)), '[)'::text) WITH &&) WHERE ((status = ANY (ARRAY['scheduled'::text, 'in_progress'::text])));

COMMENT ON CONSTRAINT meetings_one_at_a_time ON public.meetings IS 'Of two acceptances of overlapping slots the second fails, whatever the code believed.';

ALTER TABLE ONLY public.meetings
    ADD CONSTRAINT meetings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.transitions
    ADD CONSTRAINT transitions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY visio.calcom_bookings
    ADD CONSTRAINT calcom_bookings_pkey PRIMARY KEY (uid);

ALTER TABLE ONLY visio.calcom_chains
    ADD CONSTRAINT calcom_chains_pkey PRIMARY KEY (id);

ALTER TABLE ONLY visio.calcom_keys
    ADD CONSTRAINT calcom_keys_pkey PRIMARY KEY (key);

ALTER TABLE ONLY visio.calcom_watermarks
    ADD CONSTRAINT calcom_watermarks_pkey PRIMARY KEY (source);

ALTER TABLE ONLY visio.calendar_feeds
    ADD CONSTRAINT calendar_feeds_pkey PRIMARY KEY (side, person_id);

ALTER TABLE ONLY visio.calendar_feeds
    ADD CONSTRAINT calendar_feeds_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY visio.call_rates
    ADD CONSTRAINT call_rates_pkey PRIMARY KEY (caller, action);

ALTER TABLE ONLY visio.dead_signals
    ADD CONSTRAINT dead_signals_pkey PRIMARY KEY (id);

ALTER TABLE ONLY visio.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, function, key);

ALTER TABLE ONLY visio.mail_choices
    ADD CONSTRAINT mail_choices_pkey PRIMARY KEY (side, person_id);

ALTER TABLE ONLY visio.mail_outbox
    ADD CONSTRAINT mail_outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY visio.push_outbox
    ADD CONSTRAINT push_outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY visio.push_subscriptions
    ADD CONSTRAINT push_subscriptions_once UNIQUE (operator_id, endpoint);

ALTER TABLE ONLY visio.push_subscriptions
    ADD CONSTRAINT push_subscriptions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY visio.relayed_signals
    ADD CONSTRAINT relayed_signals_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY visio.room_orders
    ADD CONSTRAINT room_orders_pkey PRIMARY KEY (id);

ALTER TABLE ONLY visio.room_presence
    ADD CONSTRAINT room_presence_pkey PRIMARY KEY (meeting_id, session);

ALTER TABLE ONLY visio.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

ALTER TABLE ONLY visio.signal_outbox
    ADD CONSTRAINT signal_outbox_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY visio.webhook_inbox
    ADD CONSTRAINT webhook_inbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY visio.webhook_inbox
    ADD CONSTRAINT webhook_inbox_same_body UNIQUE (body_sha256);

ALTER TABLE ONLY visio.webhook_inbox
    ADD CONSTRAINT webhook_inbox_same_event UNIQUE (logical_key);

CREATE INDEX clients_newest ON public.clients USING btree (operator_id, created_at DESC, id DESC);

CREATE INDEX idx_meeting_requests_client_id ON public.meeting_requests USING btree (client_id);

CREATE INDEX idx_meeting_requests_operator_id_status ON public.meeting_requests USING btree (operator_id, status);

CREATE INDEX lobby_knocks_client ON public.lobby_knocks USING btree (client_id);

CREATE INDEX lobby_knocks_lease ON public.lobby_knocks USING btree (renewed_at) WHERE (status = 'waiting'::text);

CREATE INDEX lobby_knocks_meeting ON public.lobby_knocks USING btree (meeting_id, created_at DESC);

CREATE UNIQUE INDEX lobby_knocks_one_live ON public.lobby_knocks USING btree (meeting_id) WHERE (status = ANY (ARRAY['waiting'::text, 'admitted'::text]));

CREATE INDEX lobby_knocks_operator_waiting ON public.lobby_knocks USING btree (operator_id) WHERE (status = 'waiting'::text);

CREATE INDEX lobby_knocks_unanswered ON public.lobby_knocks USING btree (remind_at) WHERE (remind_at IS NOT NULL);

CREATE INDEX lobby_messages_newest ON public.lobby_messages USING btree (meeting_id, created_at DESC, id DESC);

CREATE INDEX meeting_requests_client_newest ON public.meeting_requests USING btree (client_id, created_at DESC, id DESC);

CREATE INDEX meeting_requests_client_open ON public.meeting_requests USING btree (client_id) WHERE (status = ANY (ARRAY['pending'::text, 'countered'::text]));

CREATE INDEX meeting_requests_due ON public.meeting_requests USING btree (last_slot_at) WHERE (status = ANY (ARRAY['pending'::text, 'countered'::text]));

CREATE INDEX meeting_requests_ended_at_calcom ON public.meeting_requests USING btree (updated_at) WHERE ((source = 'calcom'::text) AND (status = ANY (ARRAY['cancelled'::text, 'rejected'::text, 'withdrawn'::text])));

CREATE UNIQUE INDEX meeting_requests_one_per_meeting ON public.meeting_requests USING btree (meeting_id);

CREATE INDEX meeting_requests_operator_newest ON public.meeting_requests USING btree (operator_id, created_at DESC, id DESC);

CREATE INDEX meeting_requests_operator_state ON public.meeting_requests USING btree (operator_id, status, created_at DESC, id DESC);

CREATE INDEX meeting_requests_remind ON public.meeting_requests USING btree (remind_at) WHERE ((status = 'pending'::text) AND (remind_at IS NOT NULL));

CREATE INDEX meetings_client_id ON public.meetings USING btree (client_id, created_at DESC, id DESC);

CREATE INDEX meetings_ical_uid ON public.meetings USING btree (ical_uid) WHERE (ical_uid IS NOT NULL);

CREATE INDEX meetings_live_by_end ON public.meetings USING btree (ends_at) WHERE (status = ANY (ARRAY['scheduled'::text, 'in_progress'::text]));

CREATE INDEX meetings_live_by_start ON public.meetings USING btree (operator_id, scheduled_at) WHERE (status = ANY (ARRAY['scheduled'::text, 'in_progress'::text]));

CREATE INDEX meetings_operator_id ON public.meetings USING btree (operator_id, created_at DESC, id DESC);

CREATE INDEX meetings_operator_state ON public.meetings USING btree (operator_id, status, created_at DESC, id DESC);

CREATE INDEX meetings_remind_day ON public.meetings USING btree (scheduled_at) WHERE ((status = 'scheduled'::text) AND (reminded_day_at IS NULL));

CREATE INDEX meetings_remind_quarter ON public.meetings USING btree (scheduled_at) WHERE ((status = 'scheduled'::text) AND (reminded_quarter_at IS NULL));

CREATE INDEX notifications_age ON public.notifications USING btree (created_at);

CREATE INDEX notifications_newest ON public.notifications USING btree (recipient_type, recipient_id, created_at DESC, id DESC);

CREATE INDEX notifications_unread ON public.notifications USING btree (recipient_type, recipient_id, created_at DESC, id DESC) WHERE (read_at IS NULL);

CREATE INDEX notifications_waiting ON public.notifications USING btree (meeting_id) WHERE ((type = 'client_waiting'::text) AND (read_at IS NULL));

CREATE INDEX operators_email_key ON public.operators USING btree (email_key);

CREATE INDEX transitions_client ON public.transitions USING btree (client_id);

CREATE INDEX transitions_meeting ON public.transitions USING btree (meeting_id, id);

CREATE INDEX transitions_operator ON public.transitions USING btree (operator_id);

CREATE INDEX transitions_request ON public.transitions USING btree (request_id, id) WHERE (subject = 'request'::text);

CREATE INDEX calcom_bookings_chain ON visio.calcom_bookings USING btree (chain_id);

CREATE UNIQUE INDEX calcom_bookings_request ON visio.calcom_bookings USING btree (request_id);

CREATE INDEX calcom_bookings_requested ON visio.calcom_bookings USING btree (uid) WHERE (phase = 'requested'::text);

CREATE INDEX calcom_chains_client ON visio.calcom_chains USING btree (client_id);

CREATE INDEX calcom_chains_over ON visio.calcom_chains USING btree ((
CASE
    WHEN (ends_at IS NULL) THEN created_at
    ELSE ends_at
END));

CREATE INDEX calcom_chains_waiting ON visio.calcom_chains USING btree (operator_id, created_at DESC, id DESC) WHERE (state = ANY (ARRAY['quarantined'::text, 'conflict'::text]));

CREATE INDEX calcom_keys_chain ON visio.calcom_keys USING btree (chain_id);

CREATE INDEX idempotency_keys_age ON visio.idempotency_keys USING btree (created_at);

CREATE INDEX mail_outbox_age ON visio.mail_outbox USING btree (created_at);

CREATE INDEX mail_outbox_due ON visio.mail_outbox USING btree (next_attempt_at) WHERE ((sent_at IS NULL) AND (dropped_at IS NULL));

CREATE INDEX push_outbox_age ON visio.push_outbox USING btree (created_at);

CREATE INDEX push_outbox_due ON visio.push_outbox USING btree (next_attempt_at) WHERE ((sent_at IS NULL) AND (dropped_at IS NULL));

CREATE INDEX push_outbox_meeting ON visio.push_outbox USING btree (meeting_id);

CREATE INDEX push_outbox_subscription ON visio.push_outbox USING btree (subscription_id);

CREATE INDEX relayed_signals_age ON visio.relayed_signals USING btree (claimed_at);

CREATE INDEX room_orders_age ON visio.room_orders USING btree (created_at);

CREATE INDEX room_orders_due ON visio.room_orders USING btree (next_attempt_at) WHERE ((done_at IS NULL) AND (dropped_at IS NULL));

CREATE INDEX room_orders_meeting ON visio.room_orders USING btree (meeting_id);

CREATE INDEX signal_outbox_published ON visio.signal_outbox USING btree (published_at) WHERE (published_at IS NOT NULL);

CREATE INDEX signal_outbox_unpublished ON visio.signal_outbox USING btree (next_attempt_at) WHERE (published_at IS NULL);

CREATE INDEX webhook_inbox_age ON visio.webhook_inbox USING btree (keep_until) WHERE (body IS NOT NULL);

CREATE INDEX webhook_inbox_chain ON visio.webhook_inbox USING btree (chain_id);

CREATE INDEX webhook_inbox_client ON visio.webhook_inbox USING btree (client_id);

CREATE INDEX webhook_inbox_ical ON visio.webhook_inbox USING btree (((told ->> 'ical_uid'::text)));

CREATE INDEX webhook_inbox_loose ON visio.webhook_inbox USING btree (keep_until) WHERE (chain_id IS NULL);

CREATE INDEX webhook_inbox_meeting ON visio.webhook_inbox USING btree (meeting_id);

CREATE INDEX webhook_inbox_received ON visio.webhook_inbox USING btree (received_at, id);

CREATE TRIGGER key_email BEFORE INSERT OR UPDATE OF email ON public.operators FOR EACH ROW EXECUTE FUNCTION visio.key_email();

CREATE TRIGGER name_operator BEFORE INSERT ON public.lobby_knocks FOR EACH ROW EXECUTE FUNCTION visio.name_operator();

CREATE TRIGGER never_changed BEFORE UPDATE ON public.transitions FOR EACH STATEMENT EXECUTE FUNCTION visio.refuse_change();

CREATE TRIGGER never_emptied BEFORE TRUNCATE ON public.transitions FOR EACH STATEMENT EXECUTE FUNCTION visio.refuse_change();

CREATE TRIGGER touch BEFORE UPDATE ON public.clients FOR EACH ROW EXECUTE FUNCTION visio.touch_updated_at();

CREATE TRIGGER touch BEFORE UPDATE ON public.lobby_knocks FOR EACH ROW EXECUTE FUNCTION visio.touch_updated_at();

CREATE TRIGGER touch BEFORE UPDATE ON public.meeting_requests FOR EACH ROW EXECUTE FUNCTION visio.touch_updated_at();

CREATE TRIGGER touch BEFORE UPDATE ON public.meetings FOR EACH ROW EXECUTE FUNCTION visio.touch_updated_at();

CREATE TRIGGER touch BEFORE UPDATE ON public.operators FOR EACH ROW EXECUTE FUNCTION visio.touch_updated_at();

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.lobby_knocks
    ADD CONSTRAINT lobby_knocks_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.lobby_knocks
    ADD CONSTRAINT lobby_knocks_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meetings(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.lobby_messages
    ADD CONSTRAINT lobby_messages_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meetings(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.meeting_requests
    ADD CONSTRAINT meeting_requests_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.meeting_requests
    ADD CONSTRAINT meeting_requests_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meetings(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.meeting_requests
    ADD CONSTRAINT meeting_requests_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.meetings
    ADD CONSTRAINT meetings_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.meetings
    ADD CONSTRAINT meetings_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.transitions
    ADD CONSTRAINT transitions_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.transitions
    ADD CONSTRAINT transitions_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY visio.calcom_bookings
    ADD CONSTRAINT calcom_bookings_chain_id_fkey FOREIGN KEY (chain_id) REFERENCES visio.calcom_chains(id) ON DELETE CASCADE;

ALTER TABLE ONLY visio.calcom_bookings
    ADD CONSTRAINT calcom_bookings_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.meeting_requests(id) ON DELETE CASCADE;

ALTER TABLE ONLY visio.calcom_chains
    ADD CONSTRAINT calcom_chains_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY visio.calcom_chains
    ADD CONSTRAINT calcom_chains_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY visio.calcom_keys
    ADD CONSTRAINT calcom_keys_chain_id_fkey FOREIGN KEY (chain_id) REFERENCES visio.calcom_chains(id) ON DELETE CASCADE;

ALTER TABLE ONLY visio.push_outbox
    ADD CONSTRAINT push_outbox_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meetings(id) ON DELETE CASCADE;

ALTER TABLE ONLY visio.push_outbox
    ADD CONSTRAINT push_outbox_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES visio.push_subscriptions(id) ON DELETE CASCADE;

ALTER TABLE ONLY visio.push_subscriptions
    ADD CONSTRAINT push_subscriptions_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY visio.room_orders
    ADD CONSTRAINT room_orders_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meetings(id) ON DELETE CASCADE;

ALTER TABLE ONLY visio.room_presence
    ADD CONSTRAINT room_presence_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meetings(id) ON DELETE CASCADE;

ALTER TABLE ONLY visio.webhook_inbox
    ADD CONSTRAINT webhook_inbox_chain_id_fkey FOREIGN KEY (chain_id) REFERENCES visio.calcom_chains(id) ON DELETE CASCADE;

ALTER TABLE ONLY visio.webhook_inbox
    ADD CONSTRAINT webhook_inbox_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(id) ON DELETE SET NULL;

ALTER TABLE ONLY visio.webhook_inbox
    ADD CONSTRAINT webhook_inbox_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meetings(id) ON DELETE SET NULL;

CREATE POLICY "a client agrees to a time that their operator offers" ON public.meetings FOR INSERT TO visio_app WITH CHECK ((EXISTS ( SELECT
   FROM ((public.meeting_requests r
     JOIN public.clients c ON (((c.id = r.client_id) AND (c.auth_user_id = ( SELECT auth.uid() AS uid)))))
     CROSS JOIN LATERAL jsonb_array_elements_text(r.proposed_slots) s(value))
  WHERE ((r.client_id = meetings.client_id) AND (r.operator_id = meetings.operator_id) AND (r.status = 'countered'::text) AND ((s.value)::timestamp with time zone = meetings.scheduled_at) AND (meetings.ends_at = (meetings.scheduled_at + make_interval(mins => r.duration_minutes)))))));

CREATE POLICY "a client answers for their own requests" ON public.meeting_requests FOR UPDATE TO visio_app USING ((client_id = ( SELECT clients.id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid))))) WITH CHECK ((client_id = ( SELECT clients.id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid)))));

CREATE POLICY "a client changes their meetings" ON public.meetings FOR UPDATE TO visio_app USING ((client_id = ( SELECT clients.id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid))))) WITH CHECK ((client_id = ( SELECT clients.id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid)))));

CREATE POLICY "a client knocks on their own meeting" ON public.lobby_knocks FOR INSERT TO visio_app WITH CHECK (((status = 'waiting'::text) AND (EXISTS ( SELECT
   FROM (public.meetings m
     JOIN public.clients c ON ((c.id = m.client_id)))
  WHERE ((m.id = lobby_knocks.meeting_id) AND (c.id = lobby_knocks.client_id) AND (c.auth_user_id = ( SELECT auth.uid() AS uid)))))));

CREATE POLICY "a client marks their notifications as read" ON public.notifications FOR UPDATE TO visio_app USING (((recipient_type = 'client'::text) AND (recipient_id = ( SELECT clients.id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid)))))) WITH CHECK (((recipient_type = 'client'::text) AND (recipient_id = ( SELECT clients.id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid))))));

CREATE POLICY "a client sees their meetings" ON public.meetings FOR SELECT TO authenticated, visio_app USING ((client_id = ( SELECT clients.id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid)))));

CREATE POLICY "a client sees their notifications" ON public.notifications FOR SELECT TO authenticated, visio_app USING (((recipient_type = 'client'::text) AND (recipient_id = ( SELECT clients.id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid))))));

CREATE POLICY "a client sees their operator" ON public.operators FOR SELECT TO authenticated, visio_app USING ((id = ( SELECT clients.operator_id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid)))));

CREATE POLICY "a client sees their own row" ON public.clients FOR SELECT TO authenticated, visio_app USING ((auth_user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY "a client sees what happened to their requests and meetings" ON public.transitions FOR SELECT TO authenticated, visio_app USING ((client_id = ( SELECT clients.id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid)))));

CREATE POLICY "a client speaks at their own lobby" ON public.lobby_messages FOR INSERT TO visio_app WITH CHECK (((sender = 'client'::text) AND (EXISTS ( SELECT
   FROM (public.meetings m
     JOIN public.clients c ON ((c.id = m.client_id)))
  WHERE ((m.id = lobby_messages.meeting_id) AND (c.auth_user_id = ( SELECT auth.uid() AS uid)))))));

CREATE POLICY "a client tells their operator" ON public.notifications FOR INSERT TO visio_app WITH CHECK (((recipient_type = 'operator'::text) AND (recipient_id = ( SELECT clients.operator_id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid))))));

CREATE POLICY "a client who waits no more clears what told of it" ON public.notifications FOR UPDATE TO visio_app USING (((recipient_type = 'operator'::text) AND (type = 'client_waiting'::text) AND (( SELECT current_setting('visio.function'::text, true) AS current_setting) = ANY (ARRAY['lobby_signal'::text, 'cancel_meeting'::text])) AND (EXISTS ( SELECT
   FROM public.meetings m
  WHERE ((m.id = notifications.meeting_id) AND (m.client_id = ( SELECT clients.id
           FROM public.clients
          WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid))))))))) WITH CHECK (((recipient_type = 'operator'::text) AND (type = 'client_waiting'::text)));

CREATE POLICY "a client who waits no more sees what told of it" ON public.notifications FOR SELECT TO visio_app USING (((recipient_type = 'operator'::text) AND (type = 'client_waiting'::text) AND (( SELECT current_setting('visio.function'::text, true) AS current_setting) = ANY (ARRAY['lobby_signal'::text, 'cancel_meeting'::text])) AND (EXISTS ( SELECT
   FROM public.meetings m
  WHERE ((m.id = notifications.meeting_id) AND (m.client_id = ( SELECT clients.id
           FROM public.clients
          WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid)))))))));

CREATE POLICY "a client's answer sees when their operator is busy" ON public.meetings FOR SELECT TO visio_app USING (((status = ANY (ARRAY['scheduled'::text, 'in_progress'::text])) AND (( SELECT current_setting('visio.function'::text, true) AS current_setting) = 'answer_proposal'::text) AND (operator_id = ( SELECT clients.operator_id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid))))));

CREATE POLICY "a client's deeds are recorded in their name" ON public.transitions FOR INSERT TO visio_app WITH CHECK (((actor = 'client'::text) AND (EXISTS ( SELECT
   FROM public.clients c
  WHERE ((c.id = transitions.client_id) AND (c.operator_id = transitions.operator_id) AND (c.auth_user_id = ( SELECT auth.uid() AS uid)))))));

CREATE POLICY "a keeper adds and removes clients" ON public.clients TO visio_keeper USING ((CURRENT_USER = 'visio_keeper'::name)) WITH CHECK ((CURRENT_USER = 'visio_keeper'::name));

CREATE POLICY "a keeper adds and removes operators" ON public.operators TO visio_keeper USING ((CURRENT_USER = 'visio_keeper'::name)) WITH CHECK ((CURRENT_USER = 'visio_keeper'::name));

CREATE POLICY "a party changes the knocks on their meetings" ON public.lobby_knocks FOR UPDATE TO visio_app USING ((EXISTS ( SELECT
   FROM public.meetings m
  WHERE (m.id = lobby_knocks.meeting_id)))) WITH CHECK ((EXISTS ( SELECT
   FROM public.meetings m
  WHERE (m.id = lobby_knocks.meeting_id))));

CREATE POLICY "a party reads what was said at their lobby" ON public.lobby_messages FOR SELECT TO authenticated, visio_app USING ((EXISTS ( SELECT
   FROM public.meetings m
  WHERE (m.id = lobby_messages.meeting_id))));

CREATE POLICY "a party sees the knocks on their meetings" ON public.lobby_knocks FOR SELECT TO authenticated, visio_app USING ((EXISTS ( SELECT
   FROM public.meetings m
  WHERE (m.id = lobby_knocks.meeting_id))));

COMMENT ON POLICY "a party sees the knocks on their meetings" ON public.lobby_knocks IS 'The inner select runs under the policies of meetings: it holds just the caller''s own.';

CREATE POLICY "an operator agrees to meet their own client" ON public.meetings FOR INSERT TO visio_app WITH CHECK (((operator_id = ( SELECT auth.uid() AS uid)) AND (EXISTS ( SELECT
   FROM public.clients c
  WHERE ((c.id = meetings.client_id) AND (c.operator_id = ( SELECT auth.uid() AS uid)))))));

CREATE POLICY "an operator changes their meetings" ON public.meetings FOR UPDATE TO visio_app USING ((operator_id = ( SELECT auth.uid() AS uid))) WITH CHECK ((operator_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY "an operator marks their notifications as read" ON public.notifications FOR UPDATE TO visio_app USING (((recipient_type = 'operator'::text) AND (recipient_id = ( SELECT auth.uid() AS uid)))) WITH CHECK (((recipient_type = 'operator'::text) AND (recipient_id = ( SELECT auth.uid() AS uid))));

CREATE POLICY "an operator sees their meetings" ON public.meetings FOR SELECT TO authenticated, visio_app USING ((operator_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY "an operator sees their notifications" ON public.notifications FOR SELECT TO authenticated, visio_app USING (((recipient_type = 'operator'::text) AND (recipient_id = ( SELECT auth.uid() AS uid))));

CREATE POLICY "an operator sees their own clients" ON public.clients FOR SELECT TO authenticated, visio_app USING ((operator_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY "an operator sees their own row" ON public.operators FOR SELECT TO authenticated, visio_app USING ((id = ( SELECT auth.uid() AS uid)));

CREATE POLICY "an operator sees what happened to their requests and meetings" ON public.transitions FOR SELECT TO authenticated, visio_app USING ((operator_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY "an operator speaks at the lobbies of their meetings" ON public.lobby_messages FOR INSERT TO visio_app WITH CHECK (((sender = 'operator'::text) AND (EXISTS ( SELECT
   FROM public.meetings m
  WHERE ((m.id = lobby_messages.meeting_id) AND (m.operator_id = ( SELECT auth.uid() AS uid)))))));

CREATE POLICY "an operator tells their own clients" ON public.notifications FOR INSERT TO visio_app WITH CHECK (((recipient_type = 'client'::text) AND (EXISTS ( SELECT
   FROM public.clients c
  WHERE ((c.id = notifications.recipient_id) AND (c.operator_id = ( SELECT auth.uid() AS uid)))))));

CREATE POLICY "an operator's deeds are recorded in their name" ON public.transitions FOR INSERT TO visio_app WITH CHECK (((actor = 'operator'::text) AND (operator_id = ( SELECT auth.uid() AS uid)) AND (EXISTS ( SELECT
   FROM public.clients c
  WHERE ((c.id = transitions.client_id) AND (c.operator_id = ( SELECT auth.uid() AS uid)))))));

ALTER TABLE public.clients ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lobby_knocks ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lobby_messages ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.meeting_requests ENABLE ROW LEVEL SECURITY;

CREATE POLICY meeting_requests_insert_client ON public.meeting_requests FOR INSERT TO visio_app WITH CHECK (((status = 'pending'::text) AND (EXISTS ( SELECT
   FROM public.clients c
  WHERE ((c.id = meeting_requests.client_id) AND (c.operator_id = meeting_requests.operator_id) AND (c.auth_user_id = ( SELECT auth.uid() AS uid)))))));

COMMENT ON POLICY meeting_requests_insert_client ON public.meeting_requests IS 'A client asks their own operator, in their own name, through a function.';

CREATE POLICY meeting_requests_select_operator ON public.meeting_requests FOR SELECT TO authenticated, visio_app USING ((operator_id = ( SELECT auth.uid() AS uid)));

COMMENT ON POLICY meeting_requests_select_operator ON public.meeting_requests IS 'An operator sees the requests made to them.';

CREATE POLICY meeting_requests_select_owner ON public.meeting_requests FOR SELECT TO authenticated, visio_app USING ((client_id = ( SELECT clients.id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid)))));

COMMENT ON POLICY meeting_requests_select_owner ON public.meeting_requests IS 'A client sees their own requests.';

CREATE POLICY meeting_requests_update_operator ON public.meeting_requests FOR UPDATE TO visio_app USING ((operator_id = ( SELECT auth.uid() AS uid))) WITH CHECK ((operator_id = ( SELECT auth.uid() AS uid)));

COMMENT ON POLICY meeting_requests_update_operator ON public.meeting_requests IS 'An operator decides on the requests made to them, through a function.';

ALTER TABLE public.meetings ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.notifications ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.operators ENABLE ROW LEVEL SECURITY;

CREATE POLICY "the system forgets what is on record for five years" ON public.transitions FOR DELETE TO visio_system USING (((( SELECT auth.role() AS role) = 'visio_system'::text) AND (recorded_at < (now() - '5 years'::interval))));

CREATE POLICY "the system keeps knocks" ON public.lobby_knocks TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text)) WITH CHECK ((( SELECT auth.role() AS role) = 'visio_system'::text));

CREATE POLICY "the system keeps meetings" ON public.meetings TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text)) WITH CHECK ((( SELECT auth.role() AS role) = 'visio_system'::text));

CREATE POLICY "the system keeps requests" ON public.meeting_requests TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text)) WITH CHECK ((( SELECT auth.role() AS role) = 'visio_system'::text));

CREATE POLICY "the system reads clients" ON public.clients FOR SELECT TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text));

CREATE POLICY "the system reads operators" ON public.operators FOR SELECT TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text));

CREATE POLICY "the system reads what was said at lobbies" ON public.lobby_messages FOR SELECT TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text));

CREATE POLICY "the system records its own deeds and Cal.com's" ON public.transitions FOR INSERT TO visio_system WITH CHECK (((( SELECT auth.role() AS role) = 'visio_system'::text) AND (actor = ANY (ARRAY['calcom'::text, 'system'::text]))));

CREATE POLICY "the system sees how old the record is" ON public.transitions FOR SELECT TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text));

CREATE POLICY "the system tells everybody" ON public.notifications TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text)) WITH CHECK ((( SELECT auth.role() AS role) = 'visio_system'::text));

ALTER TABLE public.transitions ENABLE ROW LEVEL SECURITY;

CREATE POLICY "what was told within a year stays" ON public.notifications AS RESTRICTIVE FOR DELETE TO visio_system USING ((created_at < (now() - '1 year'::interval)));

CREATE POLICY "a caller counts their own calls" ON visio.call_rates TO visio_app USING ((caller = ( SELECT auth.uid() AS uid))) WITH CHECK ((caller = ( SELECT auth.uid() AS uid)));

CREATE POLICY "a caller keeps their own keys" ON visio.idempotency_keys FOR INSERT TO visio_app WITH CHECK ((caller = ( SELECT auth.uid() AS uid)));

CREATE POLICY "a caller sees their own keys" ON visio.idempotency_keys FOR SELECT TO visio_app USING ((caller = ( SELECT auth.uid() AS uid)));

CREATE POLICY "a client keeps their own feed" ON visio.calendar_feeds TO visio_app USING (((side = 'client'::text) AND (person_id = ( SELECT clients.id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid)))))) WITH CHECK (((side = 'client'::text) AND (person_id = ( SELECT clients.id
   FROM public.clients
  WHERE (clients.auth_user_id = ( SELECT auth.uid() AS uid))))));

CREATE POLICY "a party sees who is in the room of their meetings" ON visio.room_presence FOR SELECT TO visio_app USING ((EXISTS ( SELECT
   FROM public.meetings m
  WHERE (m.id = room_presence.meeting_id))));

CREATE POLICY "an operator keeps their own feed" ON visio.calendar_feeds TO visio_app USING (((side = 'operator'::text) AND (person_id = ( SELECT auth.uid() AS uid)))) WITH CHECK (((side = 'operator'::text) AND (person_id = ( SELECT auth.uid() AS uid))));

CREATE POLICY "an operator keeps their own subscriptions" ON visio.push_subscriptions TO visio_app USING ((operator_id = ( SELECT auth.uid() AS uid))) WITH CHECK (((operator_id = ( SELECT auth.uid() AS uid)) AND (EXISTS ( SELECT
   FROM public.operators
  WHERE (operators.id = ( SELECT auth.uid() AS uid))))));

CREATE POLICY "an operator sees what waits for them, or for nobody in particul" ON visio.calcom_chains FOR SELECT TO visio_app USING (((state = ANY (ARRAY['quarantined'::text, 'conflict'::text])) AND (EXISTS ( SELECT
   FROM public.operators
  WHERE (operators.id = ( SELECT auth.uid() AS uid)))) AND ((operator_id IS NULL) OR (operator_id = ( SELECT auth.uid() AS uid)))));

ALTER TABLE visio.calcom_chains ENABLE ROW LEVEL SECURITY;

ALTER TABLE visio.calendar_feeds ENABLE ROW LEVEL SECURITY;

ALTER TABLE visio.call_rates ENABLE ROW LEVEL SECURITY;

ALTER TABLE visio.idempotency_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE visio.push_subscriptions ENABLE ROW LEVEL SECURITY;

ALTER TABLE visio.room_presence ENABLE ROW LEVEL SECURITY;

CREATE POLICY "the system counts whoever comes by a link, and forgets" ON visio.call_rates TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text)) WITH CHECK ((( SELECT auth.role() AS role) = 'visio_system'::text));

CREATE POLICY "the system finds a feed by its token" ON visio.calendar_feeds FOR SELECT TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text));

CREATE POLICY "the system forgets old keys" ON visio.idempotency_keys TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text)) WITH CHECK ((( SELECT auth.role() AS role) = 'visio_system'::text));

CREATE POLICY "the system keeps chains" ON visio.calcom_chains TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text)) WITH CHECK ((( SELECT auth.role() AS role) = 'visio_system'::text));

CREATE POLICY "the system keeps who is in the room" ON visio.room_presence TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text)) WITH CHECK ((( SELECT auth.role() AS role) = 'visio_system'::text));

CREATE POLICY "the system pushes, and forgets what is gone" ON visio.push_subscriptions TO visio_system USING ((( SELECT auth.role() AS role) = 'visio_system'::text)) WITH CHECK ((( SELECT auth.role() AS role) = 'visio_system'::text));

GRANT USAGE ON SCHEMA public TO authenticated;
GRANT USAGE ON SCHEMA public TO visio_app;
GRANT USAGE ON SCHEMA public TO visio_system;
GRANT USAGE ON SCHEMA public TO visio_keeper;

GRANT USAGE ON SCHEMA visio TO authenticated;
GRANT USAGE ON SCHEMA visio TO visio_app;
GRANT USAGE ON SCHEMA visio TO visio_system;

REVOKE ALL ON FUNCTION visio.caller() FROM PUBLIC;
GRANT ALL ON FUNCTION visio.caller() TO visio_app;
GRANT ALL ON FUNCTION visio.caller() TO visio_system;

REVOKE ALL ON FUNCTION visio.count_call(of_caller uuid, of_action text, burst integer, every interval) FROM PUBLIC;
GRANT ALL ON FUNCTION visio.count_call(of_caller uuid, of_action text, burst integer, every interval) TO visio_app;
GRANT ALL ON FUNCTION visio.count_call(of_caller uuid, of_action text, burst integer, every interval) TO visio_system;

REVOKE ALL ON FUNCTION visio.each_of(items jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION visio.each_of(items jsonb) TO visio_app;
GRANT ALL ON FUNCTION visio.each_of(items jsonb) TO visio_system;

REVOKE ALL ON FUNCTION visio.hold(batch text, names text, statements text) FROM PUBLIC;
GRANT ALL ON FUNCTION visio.hold(batch text, names text, statements text) TO visio_app;
GRANT ALL ON FUNCTION visio.hold(batch text, names text, statements text) TO visio_system;

REVOKE ALL ON FUNCTION visio.hold_chain(keys text[], event jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION visio.hold_chain(keys text[], event jsonb) TO visio_system;

REVOKE ALL ON FUNCTION visio.key_email() FROM PUBLIC;

REVOKE ALL ON FUNCTION visio.may_listen(topic text) FROM PUBLIC;
GRANT ALL ON FUNCTION visio.may_listen(topic text) TO authenticated;

REVOKE ALL ON FUNCTION visio.name_operator() FROM PUBLIC;

REVOKE ALL ON FUNCTION visio.refuse_change() FROM PUBLIC;

REVOKE ALL ON FUNCTION visio.touch_updated_at() FROM PUBLIC;

GRANT SELECT,DELETE ON TABLE public.clients TO visio_keeper;

GRANT SELECT(id) ON TABLE public.clients TO visio_app;
GRANT SELECT(id) ON TABLE public.clients TO visio_system;
GRANT SELECT(id) ON TABLE public.clients TO authenticated;
GRANT INSERT(id) ON TABLE public.clients TO visio_keeper;

GRANT SELECT(auth_user_id) ON TABLE public.clients TO visio_app;
GRANT SELECT(auth_user_id) ON TABLE public.clients TO visio_system;
GRANT SELECT(auth_user_id) ON TABLE public.clients TO authenticated;
GRANT INSERT(auth_user_id),UPDATE(auth_user_id) ON TABLE public.clients TO visio_keeper;

GRANT SELECT(operator_id) ON TABLE public.clients TO visio_app;
GRANT SELECT(operator_id) ON TABLE public.clients TO visio_system;
GRANT SELECT(operator_id) ON TABLE public.clients TO authenticated;
GRANT INSERT(operator_id) ON TABLE public.clients TO visio_keeper;

GRANT SELECT(name) ON TABLE public.clients TO visio_app;
GRANT SELECT(name) ON TABLE public.clients TO visio_system;
GRANT SELECT(name) ON TABLE public.clients TO authenticated;
GRANT INSERT(name),UPDATE(name) ON TABLE public.clients TO visio_keeper;

GRANT SELECT(email) ON TABLE public.clients TO visio_app;
GRANT SELECT(email) ON TABLE public.clients TO visio_system;
GRANT SELECT(email) ON TABLE public.clients TO authenticated;
GRANT INSERT(email),UPDATE(email) ON TABLE public.clients TO visio_keeper;

GRANT SELECT(locale) ON TABLE public.clients TO visio_app;
GRANT SELECT(locale) ON TABLE public.clients TO visio_system;
GRANT SELECT(locale) ON TABLE public.clients TO authenticated;
GRANT INSERT(locale),UPDATE(locale) ON TABLE public.clients TO visio_keeper;

GRANT SELECT(time_zone) ON TABLE public.clients TO visio_app;
GRANT SELECT(time_zone) ON TABLE public.clients TO visio_system;
GRANT SELECT(time_zone) ON TABLE public.clients TO authenticated;
GRANT INSERT(time_zone),UPDATE(time_zone) ON TABLE public.clients TO visio_keeper;

GRANT SELECT(created_at) ON TABLE public.clients TO visio_app;

GRANT SELECT ON TABLE public.lobby_knocks TO visio_app;
GRANT SELECT ON TABLE public.lobby_knocks TO visio_system;

GRANT INSERT(id) ON TABLE public.lobby_knocks TO visio_app;
GRANT SELECT(id) ON TABLE public.lobby_knocks TO authenticated;

GRANT INSERT(meeting_id) ON TABLE public.lobby_knocks TO visio_app;
GRANT SELECT(meeting_id) ON TABLE public.lobby_knocks TO authenticated;

GRANT INSERT(client_id) ON TABLE public.lobby_knocks TO visio_app;
GRANT SELECT(client_id) ON TABLE public.lobby_knocks TO authenticated;

GRANT UPDATE(status) ON TABLE public.lobby_knocks TO visio_app;
GRANT UPDATE(status) ON TABLE public.lobby_knocks TO visio_system;
GRANT SELECT(status) ON TABLE public.lobby_knocks TO authenticated;

GRANT UPDATE(reason) ON TABLE public.lobby_knocks TO visio_app;
GRANT UPDATE(reason) ON TABLE public.lobby_knocks TO visio_system;
GRANT SELECT(reason) ON TABLE public.lobby_knocks TO authenticated;

GRANT INSERT(since),UPDATE(since) ON TABLE public.lobby_knocks TO visio_app;
GRANT UPDATE(since) ON TABLE public.lobby_knocks TO visio_system;
GRANT SELECT(since) ON TABLE public.lobby_knocks TO authenticated;

GRANT INSERT(renewed_at),UPDATE(renewed_at) ON TABLE public.lobby_knocks TO visio_app;
GRANT UPDATE(renewed_at) ON TABLE public.lobby_knocks TO visio_system;
GRANT SELECT(renewed_at) ON TABLE public.lobby_knocks TO authenticated;

GRANT UPDATE(admitted_at) ON TABLE public.lobby_knocks TO visio_app;
GRANT UPDATE(admitted_at) ON TABLE public.lobby_knocks TO visio_system;
GRANT SELECT(admitted_at) ON TABLE public.lobby_knocks TO authenticated;

GRANT UPDATE(ended_at) ON TABLE public.lobby_knocks TO visio_app;
GRANT UPDATE(ended_at) ON TABLE public.lobby_knocks TO visio_system;
GRANT SELECT(ended_at) ON TABLE public.lobby_knocks TO authenticated;

GRANT INSERT(devices),UPDATE(devices) ON TABLE public.lobby_knocks TO visio_app;
GRANT UPDATE(devices) ON TABLE public.lobby_knocks TO visio_system;
GRANT SELECT(devices) ON TABLE public.lobby_knocks TO authenticated;

GRANT UPDATE(next_step) ON TABLE public.lobby_knocks TO visio_app;
GRANT UPDATE(next_step) ON TABLE public.lobby_knocks TO visio_system;
GRANT SELECT(next_step) ON TABLE public.lobby_knocks TO authenticated;

GRANT INSERT(remind_at),UPDATE(remind_at) ON TABLE public.lobby_knocks TO visio_app;
GRANT UPDATE(remind_at) ON TABLE public.lobby_knocks TO visio_system;

GRANT SELECT ON TABLE public.lobby_messages TO visio_app;
GRANT SELECT ON TABLE public.lobby_messages TO visio_system;

GRANT INSERT(id) ON TABLE public.lobby_messages TO visio_app;
GRANT SELECT(id) ON TABLE public.lobby_messages TO authenticated;

GRANT INSERT(meeting_id) ON TABLE public.lobby_messages TO visio_app;
GRANT SELECT(meeting_id) ON TABLE public.lobby_messages TO authenticated;

GRANT INSERT(sender) ON TABLE public.lobby_messages TO visio_app;
GRANT SELECT(sender) ON TABLE public.lobby_messages TO authenticated;

GRANT INSERT(canned) ON TABLE public.lobby_messages TO visio_app;
GRANT SELECT(canned) ON TABLE public.lobby_messages TO authenticated;

GRANT INSERT(body) ON TABLE public.lobby_messages TO visio_app;
GRANT SELECT(body) ON TABLE public.lobby_messages TO authenticated;

GRANT INSERT(created_at) ON TABLE public.lobby_messages TO visio_app;
GRANT SELECT(created_at) ON TABLE public.lobby_messages TO authenticated;

GRANT SELECT ON TABLE public.meeting_requests TO visio_app;
GRANT SELECT ON TABLE public.meeting_requests TO visio_system;

GRANT INSERT(id) ON TABLE public.meeting_requests TO visio_app;
GRANT INSERT(id) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(id) ON TABLE public.meeting_requests TO authenticated;

GRANT INSERT(client_id) ON TABLE public.meeting_requests TO visio_app;
GRANT INSERT(client_id) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(client_id) ON TABLE public.meeting_requests TO authenticated;

GRANT INSERT(operator_id) ON TABLE public.meeting_requests TO visio_app;
GRANT INSERT(operator_id) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(operator_id) ON TABLE public.meeting_requests TO authenticated;

GRANT INSERT(requested_slots) ON TABLE public.meeting_requests TO visio_app;
GRANT INSERT(requested_slots),UPDATE(requested_slots) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(requested_slots) ON TABLE public.meeting_requests TO authenticated;

GRANT UPDATE(proposed_slots) ON TABLE public.meeting_requests TO visio_app;
GRANT UPDATE(proposed_slots) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(proposed_slots) ON TABLE public.meeting_requests TO authenticated;

GRANT INSERT(selected_slot),UPDATE(selected_slot) ON TABLE public.meeting_requests TO visio_system;
GRANT UPDATE(selected_slot) ON TABLE public.meeting_requests TO visio_app;
GRANT SELECT(selected_slot) ON TABLE public.meeting_requests TO authenticated;

GRANT INSERT(status),UPDATE(status) ON TABLE public.meeting_requests TO visio_system;
GRANT UPDATE(status) ON TABLE public.meeting_requests TO visio_app;
GRANT SELECT(status) ON TABLE public.meeting_requests TO authenticated;

GRANT INSERT(message) ON TABLE public.meeting_requests TO visio_app;
GRANT INSERT(message) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(message) ON TABLE public.meeting_requests TO authenticated;

GRANT UPDATE(reason) ON TABLE public.meeting_requests TO visio_app;
GRANT INSERT(reason),UPDATE(reason) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(reason) ON TABLE public.meeting_requests TO authenticated;

GRANT INSERT(source) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(source) ON TABLE public.meeting_requests TO authenticated;

GRANT INSERT(duration_minutes) ON TABLE public.meeting_requests TO visio_app;
GRANT INSERT(duration_minutes),UPDATE(duration_minutes) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(duration_minutes) ON TABLE public.meeting_requests TO authenticated;

GRANT INSERT(last_slot_at),UPDATE(last_slot_at) ON TABLE public.meeting_requests TO visio_app;
GRANT INSERT(last_slot_at),UPDATE(last_slot_at) ON TABLE public.meeting_requests TO visio_system;

GRANT INSERT(meeting_id),UPDATE(meeting_id) ON TABLE public.meeting_requests TO visio_system;
GRANT UPDATE(meeting_id) ON TABLE public.meeting_requests TO visio_app;
GRANT SELECT(meeting_id) ON TABLE public.meeting_requests TO authenticated;

GRANT UPDATE(version) ON TABLE public.meeting_requests TO visio_app;
GRANT UPDATE(version) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(version) ON TABLE public.meeting_requests TO authenticated;

GRANT INSERT(created_at) ON TABLE public.meeting_requests TO visio_app;
GRANT INSERT(created_at) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(created_at) ON TABLE public.meeting_requests TO authenticated;

GRANT INSERT(updated_at),UPDATE(updated_at) ON TABLE public.meeting_requests TO visio_app;
GRANT INSERT(updated_at),UPDATE(updated_at) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(updated_at) ON TABLE public.meeting_requests TO authenticated;

GRANT UPDATE(rounds) ON TABLE public.meeting_requests TO visio_app;
GRANT UPDATE(rounds) ON TABLE public.meeting_requests TO visio_system;
GRANT SELECT(rounds) ON TABLE public.meeting_requests TO authenticated;

GRANT INSERT(remind_at),UPDATE(remind_at) ON TABLE public.meeting_requests TO visio_app;
GRANT INSERT(remind_at),UPDATE(remind_at) ON TABLE public.meeting_requests TO visio_system;

GRANT SELECT ON TABLE public.meetings TO visio_app;
GRANT SELECT ON TABLE public.meetings TO visio_system;

GRANT INSERT(id) ON TABLE public.meetings TO visio_app;
GRANT INSERT(id) ON TABLE public.meetings TO visio_system;
GRANT SELECT(id) ON TABLE public.meetings TO authenticated;

GRANT INSERT(client_id) ON TABLE public.meetings TO visio_app;
GRANT INSERT(client_id) ON TABLE public.meetings TO visio_system;
GRANT SELECT(client_id) ON TABLE public.meetings TO authenticated;

GRANT INSERT(operator_id) ON TABLE public.meetings TO visio_app;
GRANT INSERT(operator_id) ON TABLE public.meetings TO visio_system;
GRANT SELECT(operator_id) ON TABLE public.meetings TO authenticated;

GRANT INSERT(title) ON TABLE public.meetings TO visio_app;
GRANT INSERT(title),UPDATE(title) ON TABLE public.meetings TO visio_system;
GRANT SELECT(title) ON TABLE public.meetings TO authenticated;

GRANT INSERT(scheduled_at) ON TABLE public.meetings TO visio_app;
GRANT INSERT(scheduled_at),UPDATE(scheduled_at) ON TABLE public.meetings TO visio_system;
GRANT SELECT(scheduled_at) ON TABLE public.meetings TO authenticated;

GRANT INSERT(ends_at) ON TABLE public.meetings TO visio_app;
GRANT INSERT(ends_at),UPDATE(ends_at) ON TABLE public.meetings TO visio_system;
GRANT SELECT(ends_at) ON TABLE public.meetings TO authenticated;

GRANT UPDATE(status) ON TABLE public.meetings TO visio_app;
GRANT INSERT(status),UPDATE(status) ON TABLE public.meetings TO visio_system;
GRANT SELECT(status) ON TABLE public.meetings TO authenticated;

GRANT UPDATE(outcome) ON TABLE public.meetings TO visio_app;
GRANT UPDATE(outcome) ON TABLE public.meetings TO visio_system;
GRANT SELECT(outcome) ON TABLE public.meetings TO authenticated;

GRANT INSERT(source) ON TABLE public.meetings TO visio_app;
GRANT INSERT(source) ON TABLE public.meetings TO visio_system;
GRANT SELECT(source) ON TABLE public.meetings TO authenticated;

GRANT UPDATE(started_at) ON TABLE public.meetings TO visio_app;
GRANT UPDATE(started_at) ON TABLE public.meetings TO visio_system;
GRANT SELECT(started_at) ON TABLE public.meetings TO authenticated;

GRANT UPDATE(ended_at) ON TABLE public.meetings TO visio_app;
GRANT INSERT(ended_at),UPDATE(ended_at) ON TABLE public.meetings TO visio_system;
GRANT SELECT(ended_at) ON TABLE public.meetings TO authenticated;

GRANT UPDATE(cancel_reason) ON TABLE public.meetings TO visio_app;
GRANT INSERT(cancel_reason),UPDATE(cancel_reason) ON TABLE public.meetings TO visio_system;
GRANT SELECT(cancel_reason) ON TABLE public.meetings TO authenticated;

GRANT UPDATE(operator_present) ON TABLE public.meetings TO visio_app;
GRANT UPDATE(operator_present) ON TABLE public.meetings TO visio_system;
GRANT SELECT(operator_present) ON TABLE public.meetings TO authenticated;

GRANT UPDATE(operator_seen_at) ON TABLE public.meetings TO visio_app;
GRANT UPDATE(operator_seen_at) ON TABLE public.meetings TO visio_system;

GRANT UPDATE(client_seen_at) ON TABLE public.meetings TO visio_app;
GRANT UPDATE(client_seen_at) ON TABLE public.meetings TO visio_system;

GRANT UPDATE(version) ON TABLE public.meetings TO visio_app;
GRANT UPDATE(version) ON TABLE public.meetings TO visio_system;
GRANT SELECT(version) ON TABLE public.meetings TO authenticated;

GRANT INSERT(created_at) ON TABLE public.meetings TO visio_app;
GRANT INSERT(created_at) ON TABLE public.meetings TO visio_system;
GRANT SELECT(created_at) ON TABLE public.meetings TO authenticated;

GRANT SELECT(updated_at) ON TABLE public.meetings TO authenticated;

GRANT INSERT(buffer_minutes) ON TABLE public.meetings TO visio_app;
GRANT INSERT(buffer_minutes),UPDATE(buffer_minutes) ON TABLE public.meetings TO visio_system;

GRANT INSERT(ical_uid) ON TABLE public.meetings TO visio_system;

GRANT INSERT(ical_sequence),UPDATE(ical_sequence) ON TABLE public.meetings TO visio_system;
GRANT UPDATE(ical_sequence) ON TABLE public.meetings TO visio_app;

GRANT UPDATE(reminded_day_at) ON TABLE public.meetings TO visio_system;

GRANT UPDATE(reminded_quarter_at) ON TABLE public.meetings TO visio_system;

GRANT UPDATE(client_no_show) ON TABLE public.meetings TO visio_system;

GRANT UPDATE(epoch) ON TABLE public.meetings TO visio_app;
GRANT UPDATE(epoch) ON TABLE public.meetings TO visio_system;

GRANT UPDATE(client_joined_at) ON TABLE public.meetings TO visio_system;

GRANT UPDATE(operator_joined_at) ON TABLE public.meetings TO visio_system;

GRANT SELECT ON TABLE public.notifications TO visio_app;
GRANT SELECT,DELETE ON TABLE public.notifications TO visio_system;

GRANT INSERT(id) ON TABLE public.notifications TO visio_app;
GRANT INSERT(id) ON TABLE public.notifications TO visio_system;
GRANT SELECT(id) ON TABLE public.notifications TO authenticated;

GRANT INSERT(recipient_type) ON TABLE public.notifications TO visio_app;
GRANT INSERT(recipient_type) ON TABLE public.notifications TO visio_system;
GRANT SELECT(recipient_type) ON TABLE public.notifications TO authenticated;

GRANT INSERT(recipient_id) ON TABLE public.notifications TO visio_app;
GRANT INSERT(recipient_id) ON TABLE public.notifications TO visio_system;
GRANT SELECT(recipient_id) ON TABLE public.notifications TO authenticated;

GRANT INSERT(type) ON TABLE public.notifications TO visio_app;
GRANT INSERT(type) ON TABLE public.notifications TO visio_system;
GRANT SELECT(type) ON TABLE public.notifications TO authenticated;

GRANT INSERT(title) ON TABLE public.notifications TO visio_app;
GRANT INSERT(title) ON TABLE public.notifications TO visio_system;
GRANT SELECT(title) ON TABLE public.notifications TO authenticated;

GRANT INSERT(body) ON TABLE public.notifications TO visio_app;
GRANT INSERT(body) ON TABLE public.notifications TO visio_system;
GRANT SELECT(body) ON TABLE public.notifications TO authenticated;

GRANT INSERT(link) ON TABLE public.notifications TO visio_app;
GRANT INSERT(link) ON TABLE public.notifications TO visio_system;
GRANT SELECT(link) ON TABLE public.notifications TO authenticated;

GRANT UPDATE(read_at) ON TABLE public.notifications TO visio_app;
GRANT UPDATE(read_at) ON TABLE public.notifications TO visio_system;
GRANT SELECT(read_at) ON TABLE public.notifications TO authenticated;

GRANT INSERT(created_at) ON TABLE public.notifications TO visio_app;
GRANT INSERT(created_at) ON TABLE public.notifications TO visio_system;
GRANT SELECT(created_at) ON TABLE public.notifications TO authenticated;

GRANT INSERT(meeting_id) ON TABLE public.notifications TO visio_app;
GRANT INSERT(meeting_id) ON TABLE public.notifications TO visio_system;
GRANT SELECT(meeting_id) ON TABLE public.notifications TO authenticated;

GRANT SELECT,DELETE ON TABLE public.operators TO visio_keeper;

GRANT SELECT(id) ON TABLE public.operators TO visio_app;
GRANT SELECT(id) ON TABLE public.operators TO visio_system;
GRANT SELECT(id) ON TABLE public.operators TO authenticated;
GRANT INSERT(id) ON TABLE public.operators TO visio_keeper;

GRANT SELECT(name) ON TABLE public.operators TO visio_app;
GRANT SELECT(name) ON TABLE public.operators TO visio_system;
GRANT SELECT(name) ON TABLE public.operators TO authenticated;
GRANT INSERT(name),UPDATE(name) ON TABLE public.operators TO visio_keeper;

GRANT SELECT(email) ON TABLE public.operators TO visio_app;
GRANT SELECT(email) ON TABLE public.operators TO visio_system;
GRANT SELECT(email) ON TABLE public.operators TO authenticated;
GRANT INSERT(email),UPDATE(email) ON TABLE public.operators TO visio_keeper;

GRANT SELECT(locale) ON TABLE public.operators TO visio_app;
GRANT SELECT(locale) ON TABLE public.operators TO visio_system;
GRANT SELECT(locale) ON TABLE public.operators TO authenticated;
GRANT INSERT(locale),UPDATE(locale) ON TABLE public.operators TO visio_keeper;

GRANT SELECT(time_zone) ON TABLE public.operators TO visio_app;
GRANT SELECT(time_zone) ON TABLE public.operators TO visio_system;
GRANT SELECT(time_zone) ON TABLE public.operators TO authenticated;
GRANT INSERT(time_zone),UPDATE(time_zone) ON TABLE public.operators TO visio_keeper;

GRANT SELECT(email_key) ON TABLE public.operators TO visio_system;

GRANT SELECT ON TABLE public.transitions TO visio_app;
GRANT SELECT ON TABLE public.transitions TO authenticated;
GRANT DELETE ON TABLE public.transitions TO visio_system;

GRANT SELECT(id) ON TABLE public.transitions TO visio_system;

GRANT INSERT(subject) ON TABLE public.transitions TO visio_app;
GRANT INSERT(subject) ON TABLE public.transitions TO visio_system;

GRANT INSERT(request_id) ON TABLE public.transitions TO visio_app;
GRANT INSERT(request_id) ON TABLE public.transitions TO visio_system;

GRANT INSERT(meeting_id) ON TABLE public.transitions TO visio_app;
GRANT INSERT(meeting_id) ON TABLE public.transitions TO visio_system;

GRANT INSERT(client_id) ON TABLE public.transitions TO visio_app;
GRANT INSERT(client_id) ON TABLE public.transitions TO visio_system;

GRANT INSERT(operator_id) ON TABLE public.transitions TO visio_app;
GRANT INSERT(operator_id) ON TABLE public.transitions TO visio_system;

GRANT INSERT(actor) ON TABLE public.transitions TO visio_app;
GRANT INSERT(actor) ON TABLE public.transitions TO visio_system;

GRANT INSERT(action) ON TABLE public.transitions TO visio_app;
GRANT INSERT(action) ON TABLE public.transitions TO visio_system;

GRANT INSERT(from_status) ON TABLE public.transitions TO visio_app;
GRANT INSERT(from_status) ON TABLE public.transitions TO visio_system;

GRANT INSERT(to_status) ON TABLE public.transitions TO visio_app;
GRANT INSERT(to_status) ON TABLE public.transitions TO visio_system;

GRANT INSERT(at) ON TABLE public.transitions TO visio_app;
GRANT INSERT(at) ON TABLE public.transitions TO visio_system;

GRANT INSERT(message) ON TABLE public.transitions TO visio_app;
GRANT INSERT(message) ON TABLE public.transitions TO visio_system;

GRANT INSERT(slots) ON TABLE public.transitions TO visio_app;
GRANT INSERT(slots) ON TABLE public.transitions TO visio_system;

GRANT SELECT(recorded_at) ON TABLE public.transitions TO visio_system;

GRANT SELECT,INSERT,DELETE ON TABLE visio.calcom_bookings TO visio_system;

GRANT UPDATE(uid) ON TABLE visio.calcom_bookings TO visio_system;

GRANT UPDATE(chain_id) ON TABLE visio.calcom_bookings TO visio_system;

GRANT UPDATE(phase) ON TABLE visio.calcom_bookings TO visio_system;

GRANT UPDATE(attempts) ON TABLE visio.calcom_bookings TO visio_system;

GRANT UPDATE(asked_at) ON TABLE visio.calcom_bookings TO visio_system;

GRANT SELECT,DELETE ON TABLE visio.calcom_chains TO visio_system;

GRANT SELECT(id) ON TABLE visio.calcom_chains TO visio_app;
GRANT INSERT(id) ON TABLE visio.calcom_chains TO visio_system;

GRANT INSERT(client_id),UPDATE(client_id) ON TABLE visio.calcom_chains TO visio_system;

GRANT SELECT(operator_id) ON TABLE visio.calcom_chains TO visio_app;
GRANT INSERT(operator_id),UPDATE(operator_id) ON TABLE visio.calcom_chains TO visio_system;

GRANT SELECT(state) ON TABLE visio.calcom_chains TO visio_app;
GRANT INSERT(state),UPDATE(state) ON TABLE visio.calcom_chains TO visio_system;

GRANT SELECT(summary) ON TABLE visio.calcom_chains TO visio_app;
GRANT INSERT(summary),UPDATE(summary) ON TABLE visio.calcom_chains TO visio_system;

GRANT INSERT(ends_at),UPDATE(ends_at) ON TABLE visio.calcom_chains TO visio_system;

GRANT SELECT(created_at) ON TABLE visio.calcom_chains TO visio_app;

GRANT SELECT,INSERT,DELETE ON TABLE visio.calcom_keys TO visio_system;

GRANT UPDATE(chain_id) ON TABLE visio.calcom_keys TO visio_system;

GRANT SELECT,INSERT ON TABLE visio.calcom_watermarks TO visio_system;

GRANT UPDATE(read_until) ON TABLE visio.calcom_watermarks TO visio_system;

GRANT SELECT,DELETE ON TABLE visio.calendar_feeds TO visio_app;
GRANT SELECT ON TABLE visio.calendar_feeds TO visio_system;

GRANT INSERT(side) ON TABLE visio.calendar_feeds TO visio_app;

GRANT INSERT(person_id) ON TABLE visio.calendar_feeds TO visio_app;

GRANT INSERT(token_hash) ON TABLE visio.calendar_feeds TO visio_app;

GRANT SELECT,INSERT ON TABLE visio.call_rates TO visio_app;
GRANT SELECT,INSERT,DELETE ON TABLE visio.call_rates TO visio_system;

GRANT UPDATE(full_at) ON TABLE visio.call_rates TO visio_app;
GRANT UPDATE(full_at) ON TABLE visio.call_rates TO visio_system;

GRANT SELECT,INSERT ON TABLE visio.dead_signals TO visio_system;

GRANT SELECT,INSERT ON TABLE visio.idempotency_keys TO visio_app;
GRANT SELECT,DELETE ON TABLE visio.idempotency_keys TO visio_system;

GRANT SELECT,INSERT ON TABLE visio.mail_choices TO visio_system;

GRANT UPDATE(reminders) ON TABLE visio.mail_choices TO visio_system;

GRANT UPDATE(changed_at) ON TABLE visio.mail_choices TO visio_system;

GRANT SELECT,DELETE ON TABLE visio.mail_outbox TO visio_system;

GRANT INSERT(id) ON TABLE visio.mail_outbox TO visio_app;
GRANT INSERT(id) ON TABLE visio.mail_outbox TO visio_system;

GRANT INSERT(recipient_type) ON TABLE visio.mail_outbox TO visio_app;
GRANT INSERT(recipient_type) ON TABLE visio.mail_outbox TO visio_system;

GRANT INSERT(recipient_id) ON TABLE visio.mail_outbox TO visio_app;
GRANT INSERT(recipient_id) ON TABLE visio.mail_outbox TO visio_system;

GRANT INSERT(type) ON TABLE visio.mail_outbox TO visio_app;
GRANT INSERT(type) ON TABLE visio.mail_outbox TO visio_system;

GRANT INSERT(facts) ON TABLE visio.mail_outbox TO visio_app;
GRANT INSERT(facts) ON TABLE visio.mail_outbox TO visio_system;

GRANT INSERT(link) ON TABLE visio.mail_outbox TO visio_app;
GRANT INSERT(link) ON TABLE visio.mail_outbox TO visio_system;

GRANT INSERT(meeting_id) ON TABLE visio.mail_outbox TO visio_app;
GRANT INSERT(meeting_id) ON TABLE visio.mail_outbox TO visio_system;

GRANT INSERT(created_at) ON TABLE visio.mail_outbox TO visio_app;
GRANT INSERT(created_at) ON TABLE visio.mail_outbox TO visio_system;

GRANT UPDATE(attempts) ON TABLE visio.mail_outbox TO visio_system;

GRANT INSERT(next_attempt_at) ON TABLE visio.mail_outbox TO visio_app;
GRANT INSERT(next_attempt_at),UPDATE(next_attempt_at) ON TABLE visio.mail_outbox TO visio_system;

GRANT UPDATE(handed_at) ON TABLE visio.mail_outbox TO visio_system;

GRANT UPDATE(claimed_at) ON TABLE visio.mail_outbox TO visio_system;

GRANT UPDATE(sent_at) ON TABLE visio.mail_outbox TO visio_system;

GRANT UPDATE(dropped_at) ON TABLE visio.mail_outbox TO visio_system;

GRANT UPDATE(problem) ON TABLE visio.mail_outbox TO visio_system;

GRANT SELECT,DELETE ON TABLE visio.push_outbox TO visio_system;

GRANT INSERT(subscription_id) ON TABLE visio.push_outbox TO visio_system;

GRANT INSERT(meeting_id) ON TABLE visio.push_outbox TO visio_system;

GRANT INSERT(created_at) ON TABLE visio.push_outbox TO visio_system;

GRANT UPDATE(attempts) ON TABLE visio.push_outbox TO visio_system;

GRANT INSERT(next_attempt_at),UPDATE(next_attempt_at) ON TABLE visio.push_outbox TO visio_system;

GRANT UPDATE(handed_at) ON TABLE visio.push_outbox TO visio_system;

GRANT UPDATE(claimed_at) ON TABLE visio.push_outbox TO visio_system;

GRANT UPDATE(sent_at) ON TABLE visio.push_outbox TO visio_system;

GRANT UPDATE(dropped_at) ON TABLE visio.push_outbox TO visio_system;

GRANT UPDATE(problem) ON TABLE visio.push_outbox TO visio_system;

GRANT SELECT,DELETE ON TABLE visio.push_subscriptions TO visio_app;
GRANT SELECT,DELETE ON TABLE visio.push_subscriptions TO visio_system;

GRANT INSERT(operator_id) ON TABLE visio.push_subscriptions TO visio_app;

GRANT INSERT(endpoint) ON TABLE visio.push_subscriptions TO visio_app;

GRANT INSERT(p256dh),UPDATE(p256dh) ON TABLE visio.push_subscriptions TO visio_app;

GRANT INSERT(auth),UPDATE(auth) ON TABLE visio.push_subscriptions TO visio_app;

GRANT INSERT(created_at),UPDATE(created_at) ON TABLE visio.push_subscriptions TO visio_app;

GRANT SELECT,INSERT,DELETE ON TABLE visio.relayed_signals TO visio_system;

GRANT UPDATE(claimed_at) ON TABLE visio.relayed_signals TO visio_system;

GRANT UPDATE(sent_at) ON TABLE visio.relayed_signals TO visio_system;

GRANT SELECT,DELETE ON TABLE visio.room_orders TO visio_system;

GRANT INSERT(id) ON TABLE visio.room_orders TO visio_app;
GRANT INSERT(id) ON TABLE visio.room_orders TO visio_system;

GRANT INSERT(meeting_id) ON TABLE visio.room_orders TO visio_app;
GRANT INSERT(meeting_id) ON TABLE visio.room_orders TO visio_system;

GRANT INSERT(identity) ON TABLE visio.room_orders TO visio_app;
GRANT INSERT(identity) ON TABLE visio.room_orders TO visio_system;

GRANT INSERT(created_at) ON TABLE visio.room_orders TO visio_app;
GRANT INSERT(created_at) ON TABLE visio.room_orders TO visio_system;

GRANT UPDATE(attempts) ON TABLE visio.room_orders TO visio_system;

GRANT INSERT(next_attempt_at) ON TABLE visio.room_orders TO visio_app;
GRANT INSERT(next_attempt_at),UPDATE(next_attempt_at) ON TABLE visio.room_orders TO visio_system;

GRANT UPDATE(handed_at) ON TABLE visio.room_orders TO visio_system;

GRANT UPDATE(claimed_at) ON TABLE visio.room_orders TO visio_system;

GRANT UPDATE(done_at) ON TABLE visio.room_orders TO visio_system;

GRANT UPDATE(dropped_at) ON TABLE visio.room_orders TO visio_system;

GRANT UPDATE(problem) ON TABLE visio.room_orders TO visio_system;

GRANT SELECT ON TABLE visio.room_presence TO visio_app;
GRANT SELECT ON TABLE visio.room_presence TO visio_system;

GRANT INSERT(meeting_id) ON TABLE visio.room_presence TO visio_system;

GRANT INSERT(session) ON TABLE visio.room_presence TO visio_system;

GRANT INSERT(side),UPDATE(side) ON TABLE visio.room_presence TO visio_system;

GRANT INSERT(joined_at),UPDATE(joined_at) ON TABLE visio.room_presence TO visio_system;

GRANT INSERT(left_at),UPDATE(left_at) ON TABLE visio.room_presence TO visio_system;

GRANT SELECT ON TABLE visio.schema_migrations TO visio_system;

GRANT SELECT,DELETE ON TABLE visio.signal_outbox TO visio_system;

GRANT SELECT(event_id),INSERT(event_id) ON TABLE visio.signal_outbox TO visio_app;
GRANT INSERT(event_id) ON TABLE visio.signal_outbox TO visio_system;

GRANT INSERT(channel) ON TABLE visio.signal_outbox TO visio_app;
GRANT INSERT(channel) ON TABLE visio.signal_outbox TO visio_system;

GRANT INSERT(event) ON TABLE visio.signal_outbox TO visio_app;
GRANT INSERT(event) ON TABLE visio.signal_outbox TO visio_system;

GRANT INSERT(payload) ON TABLE visio.signal_outbox TO visio_app;
GRANT INSERT(payload) ON TABLE visio.signal_outbox TO visio_system;

GRANT INSERT(created_at) ON TABLE visio.signal_outbox TO visio_app;
GRANT INSERT(created_at) ON TABLE visio.signal_outbox TO visio_system;

GRANT UPDATE(published_at) ON TABLE visio.signal_outbox TO visio_app;
GRANT UPDATE(published_at) ON TABLE visio.signal_outbox TO visio_system;

GRANT UPDATE(attempts) ON TABLE visio.signal_outbox TO visio_system;

GRANT INSERT(next_attempt_at) ON TABLE visio.signal_outbox TO visio_app;
GRANT INSERT(next_attempt_at),UPDATE(next_attempt_at) ON TABLE visio.signal_outbox TO visio_system;

GRANT SELECT,INSERT,DELETE ON TABLE visio.webhook_inbox TO visio_system;

GRANT UPDATE(trigger) ON TABLE visio.webhook_inbox TO visio_system;

GRANT UPDATE(uid) ON TABLE visio.webhook_inbox TO visio_system;

GRANT UPDATE(body) ON TABLE visio.webhook_inbox TO visio_system;

GRANT UPDATE(status) ON TABLE visio.webhook_inbox TO visio_system;

GRANT UPDATE(meeting_id) ON TABLE visio.webhook_inbox TO visio_system;

GRANT UPDATE(chain_id) ON TABLE visio.webhook_inbox TO visio_system;

GRANT UPDATE(told) ON TABLE visio.webhook_inbox TO visio_system;

GRANT UPDATE(starts_at) ON TABLE visio.webhook_inbox TO visio_system;

GRANT UPDATE(ends_at) ON TABLE visio.webhook_inbox TO visio_system;
