-- migrate:up

set local lock_timeout = '3s';
set local statement_timeout = '30s';

-- Row security is forced, so that not even the tables' owner sees a row, unless it may bypass: that is
-- so on Supabase, and not on Cloud SQL. Whoever migrates becomes the keeper to add people.
do $$
begin
  create role visio_keeper nologin;
exception when duplicate_object or unique_violation then
  null;
end
$$;
do $$
begin
  execute format('grant visio_keeper to %I', current_user);
exception when insufficient_privilege then
  raise warning 'visio_keeper belongs to another owner of this cluster: have it granted to %', current_user;
end
$$;

grant usage on schema public to visio_keeper;
create policy "a keeper adds and removes operators" on public.operators
  for all to visio_keeper
  using (current_user = 'visio_keeper')
  with check (current_user = 'visio_keeper');
create policy "a keeper adds and removes clients" on public.clients
  for all to visio_keeper
  using (current_user = 'visio_keeper')
  with check (current_user = 'visio_keeper');
grant select, delete on public.operators, public.clients to visio_keeper;
grant insert (id, name, email, locale, time_zone), update (name, email, locale, time_zone)
  on public.operators to visio_keeper;
grant insert (id, auth_user_id, operator_id, name, email, locale, time_zone),
    update (auth_user_id, name, email, locale, time_zone)
  on public.clients to visio_keeper;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
