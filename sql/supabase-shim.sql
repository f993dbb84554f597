-- What a Supabase project has and a plain PostgreSQL lacks, as far as the migrations use it.
-- Applied only where auth.uid() is absent. Roles belong to the whole cluster and may exist already.

do $$
declare
  wanted text;
begin
  foreach wanted in array array['anon', 'authenticated', 'service_role'] loop
    begin
      execute format('create role %I nologin', wanted);
    exception when duplicate_object or unique_violation then
      null;  -- another database of this cluster made it, perhaps this very moment
    end;
  end loop;
end
$$;
do $$
begin
  if not (select rolbypassrls from pg_roles where rolname = 'service_role') then
    alter role service_role bypassrls;
  end if;
exception when insufficient_privilege then
  null;  -- nobody may give that on Cloud SQL, and nobody there acts as service_role
end
$$;

create schema auth;
create schema realtime;
create schema extensions;
grant usage on schema auth, realtime, extensions to anon, authenticated, service_role;

create function auth.jwt() returns jsonb language sql stable
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
create function auth.uid() returns uuid language sql stable
  return nullif(auth.jwt() ->> 'sub', '')::uuid;
create function auth.role() returns text language sql stable
  return auth.jwt() ->> 'role';

create function realtime.topic() returns text language sql stable
  return nullif(current_setting('realtime.topic', true), '');
create table realtime.messages (
  id             uuid      not null default gen_random_uuid(),
  topic          text      not null,
  extension      text      not null,
  event          text,
  payload        jsonb,
  binary_payload bytea,
  private        boolean   default false,
  inserted_at    timestamp not null default now(),
  updated_at     timestamp not null default now(),
  primary key (id, inserted_at)
) partition by range (inserted_at);
create table realtime.messages_any partition of realtime.messages default;
alter table realtime.messages enable row level security;
grant select, insert on realtime.messages to anon, authenticated, service_role;
