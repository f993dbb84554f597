-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '10s';

-- An operator's waiting room is found among all who wait anywhere, as long as a knock names its meeting
-- alone. Nobody is to say whose lobby it is but the meeting itself.
alter table public.lobby_knocks add column operator_id uuid;
comment on column public.lobby_knocks.operator_id is
  'Whose lobby it is, as the meeting says. Null on knocks that ended before this column was there.';

create function visio.name_operator() returns trigger
  language plpgsql security invoker set search_path = ''
as $$
begin
  new.operator_id := (select m.operator_id from public.meetings m where m.id = new.meeting_id);
  return new;
end $$;
revoke execute on function visio.name_operator() from public;

create trigger name_operator before insert on public.lobby_knocks
  for each row execute function visio.name_operator();

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
