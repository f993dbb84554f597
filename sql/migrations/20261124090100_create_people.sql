-- migrate:up

create table public.operators (
  id         uuid        primary key,
  name       text        not null check (name <> ''),
  email      text        not null,
  locale     text        not null default 'fr' check (locale in ('fr', 'en')),
  time_zone  text        not null default 'Europe/Paris',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.operators is 'Consultants. The id is the auth user id, auth.uid().';

create table public.clients (
  id           uuid        primary key default gen_random_uuid(),
  auth_user_id uuid        not null,
  operator_id  uuid        not null references public.operators (id) on delete cascade,
  name         text        not null check (name <> ''),
  email        text        not null,
  locale       text        not null default 'fr' check (locale in ('fr', 'en')),
  time_zone    text        not null default 'Europe/Paris',
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  constraint clients_one_per_user unique (auth_user_id)
);
comment on table public.clients is 'Customers, each of one operator. auth_user_id is auth.uid(), id is not.';
create index clients_operator_id on public.clients (operator_id);

create trigger touch before update on public.operators
  for each row execute function visio.touch_updated_at();
create trigger touch before update on public.clients
  for each row execute function visio.touch_updated_at();

alter table public.operators enable row level security;
alter table public.operators force row level security;
alter table public.clients enable row level security;
alter table public.clients force row level security;

create policy "a client sees their own row" on public.clients
  for select to authenticated, visio_app
  using (auth_user_id = (select auth.uid()));
create policy "an operator sees their own clients" on public.clients
  for select to authenticated, visio_app
  using (operator_id = (select auth.uid()));
create policy "an operator sees their own row" on public.operators
  for select to authenticated, visio_app
  using (id = (select auth.uid()));
create policy "a client sees their operator" on public.operators
  for select to authenticated, visio_app
  using (id in (select operator_id from public.clients where auth_user_id = (select auth.uid())));
create policy "the system reads clients" on public.clients
  for select to visio_system
  using ((select auth.role()) = 'visio_system');
create policy "the system reads operators" on public.operators
  for select to visio_system
  using ((select auth.role()) = 'visio_system');

grant select (id, name, email, locale, time_zone)
  on public.operators to authenticated, visio_app, visio_system;
grant select (id, auth_user_id, operator_id, name, email, locale, time_zone)
  on public.clients to authenticated, visio_app, visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
