-- migrate:up

set local lock_timeout = '3s';
set local statement_timeout = '30s';

-- On Supabase the schema auth is not ours to give: `grant usage` is a warning there and no grant. The
-- body of this function is parsed now, by whoever migrates, so its caller needs no way into auth.
create function visio.caller() returns uuid
  language sql stable security invoker set search_path = ''
  return auth.uid();
comment on function visio.caller() is
  'auth.uid() for roles that may not look into the schema auth.';
revoke all on function visio.caller() from public;
grant execute on function visio.caller() to visio_app, visio_system;

-- Supabase gives its browsers' roles everything on each new table in public, TRUNCATE too, and leaves
-- the rest to policies. What they may read is said here, by column, and they may do nothing else.
revoke all on public.clients, public.lobby_knocks, public.lobby_messages, public.meeting_requests,
    public.meetings, public.notifications, public.operators, public.transitions
  from anon, authenticated;
revoke all on sequence public.transitions_id_seq from anon, authenticated;
grant select (id, auth_user_id, operator_id, name, email, locale, time_zone)
  on public.clients to authenticated;
grant select (id, meeting_id, client_id, status, reason, since, renewed_at, admitted_at, ended_at,
    devices, next_step)
  on public.lobby_knocks to authenticated;
grant select (id, meeting_id, sender, canned, body, created_at)
  on public.lobby_messages to authenticated;
grant select (id, client_id, operator_id, requested_slots, proposed_slots, selected_slot, status,
    message, reason, source, duration_minutes, meeting_id, version, created_at, updated_at, rounds)
  on public.meeting_requests to authenticated;
grant select (id, client_id, operator_id, title, scheduled_at, ends_at, status, outcome, source,
    started_at, ended_at, cancel_reason, operator_present, version, created_at, updated_at)
  on public.meetings to authenticated;
grant select (id, recipient_type, recipient_id, type, title, body, link, read_at, created_at,
    meeting_id)
  on public.notifications to authenticated;
grant select (id, name, email, locale, time_zone)
  on public.operators to authenticated;
grant select on public.transitions to authenticated;

-- `visio doctor` says whether the database is up to date.
grant select on visio.schema_migrations to visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
