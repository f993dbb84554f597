-- migrate:up

set local lock_timeout = '3s';
set local statement_timeout = '30s';

-- Unlogged: each call writes here, and would otherwise wait for a disk even where it only reads. What
-- a crash or a failover takes away is that somebody came too often a moment ago.
create unlogged table visio.call_rates (
  caller  uuid        not null,
  action  text        not null,
  full_at timestamptz not null,
  primary key (caller, action)
) with (fillfactor = 50);
comment on table visio.call_rates is
  'How often each caller did what, over all instances. Without a row: not lately.';
comment on column visio.call_rates.full_at is
  'When this caller may do everything at once again: each call moves it on by what it costs.';
alter table visio.call_rates enable row level security;
alter table visio.call_rates force row level security;
create policy "a caller counts their own calls" on visio.call_rates
  for all to visio_app
  using (caller = (select auth.uid()))
  with check (caller = (select auth.uid()));
create policy "the system counts whoever comes by a link, and forgets" on visio.call_rates
  for all to visio_system
  using ((select auth.role()) = 'visio_system')
  with check ((select auth.role()) = 'visio_system');
grant select, insert on visio.call_rates to visio_app, visio_system;
grant update (full_at) on visio.call_rates to visio_app, visio_system;
grant delete on visio.call_rates to visio_system;

create function visio.count_call(of_caller uuid, of_action text, burst integer, every interval)
  returns void language plpgsql volatile security invoker set search_path = ''
as $$
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
comment on function visio.count_call(uuid, text, integer, interval) is
  'Counts one call; raises VX429, with how many seconds to wait, where it comes too often. '
  'A refused call changes nothing.';
revoke all on function visio.count_call(uuid, text, integer, interval) from public;
grant execute on function visio.count_call(uuid, text, integer, interval) to visio_app, visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
