-- migrate:up

-- Roles belong to the whole cluster: another database of it may have made them, even just now.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['visio_app', 'visio_system'] loop
    begin
      execute format('create role %I nologin', wanted);
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;
end
$$;

create schema if not exists visio;
comment on schema visio is 'What is not for browsers. Never exposed by an API.';
grant usage on schema visio to authenticated, visio_app, visio_system;
grant usage on schema auth to visio_app, visio_system;
revoke create on schema public from public;
grant usage on schema public to authenticated, visio_app, visio_system;

create extension if not exists btree_gist with schema extensions;

create function visio.touch_updated_at() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if new.updated_at = old.updated_at then  -- unless the change brings its own instant
    new.updated_at := now();
  end if;
  return new;
end
$$;
revoke all on function visio.touch_updated_at() from public;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
