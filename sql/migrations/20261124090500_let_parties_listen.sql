-- migrate:up

-- The topic is a parameter: a cast of realtime.topic() inside the policy itself would be tried
-- while planning, and a malformed topic would end as an SQL error instead of a refusal.
create function visio.may_listen(topic text) returns boolean
  language sql stable security invoker set search_path = ''
as $$
  select case
    when topic ~ '^meeting:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:status$'
    then exists (select from public.meetings where id = substr(topic, 9, 36)::uuid)
    when topic ~ '^operator:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:inbox$'
    then exists (
      select from public.operators
       where id = substr(topic, 10, 36)::uuid and id = (select auth.uid()))
    when topic ~ '^client:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:inbox$'
    then exists (
      select from public.clients
       where id = substr(topic, 8, 36)::uuid and auth_user_id = (select auth.uid()))
    else false end
$$;
comment on function visio.may_listen(text) is
  'Runs as the listener: the policies of the tables it reads decide which rows there are.';
revoke all on function visio.may_listen(text) from public;
grant execute on function visio.may_listen(text) to authenticated;

-- No policy for insert: a browser cannot send, only listen.
create policy "a party listens to their own channels" on realtime.messages
  for select to authenticated
  using (extension = 'broadcast' and visio.may_listen((select realtime.topic())));

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
