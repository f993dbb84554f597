-- migrate:up

create table visio.mail_outbox (
  id              uuid        primary key,
  recipient_type  text        not null check (recipient_type in ('client', 'operator')),
  recipient_id    uuid        not null,
  type            text        not null,
  facts           jsonb       not null,
  link            text        not null,
  meeting_id      uuid,
  created_at      timestamptz not null default now(),
  attempts        integer     not null default 0,
  next_attempt_at timestamptz not null default now() + interval '30 seconds',
  handed_at       timestamptz,
  claimed_at      timestamptz,
  sent_at         timestamptz,
  dropped_at      timestamptz,
  problem         text,
  constraint mail_outbox_one_end check (sent_at is null or dropped_at is null)
);
comment on table visio.mail_outbox is
  'E-mails written with the notification of the same id, sent after commit, tried again by the sweep.';
comment on column visio.mail_outbox.handed_at is 'When the sweep last handed it to the bus.';
comment on column visio.mail_outbox.claimed_at is
  'Since when somebody is sending it; a claim lasts a minute.';
comment on column visio.mail_outbox.dropped_at is
  'When it was given up, or not sent because the person wants no reminders; problem says which.';
create index mail_outbox_due on visio.mail_outbox (next_attempt_at)
  where sent_at is null and dropped_at is null;
create index mail_outbox_age on visio.mail_outbox (created_at);

create table visio.mail_choices (
  side       text        not null check (side in ('client', 'operator')),
  person_id  uuid        not null,
  reminders  boolean     not null,
  changed_at timestamptz not null,
  primary key (side, person_id)
);
comment on table visio.mail_choices is 'Who wants reminders by e-mail. Without a row: yes.';

grant insert (id, recipient_type, recipient_id, type, facts, link, meeting_id, created_at,
    next_attempt_at)
  on visio.mail_outbox to visio_app, visio_system;
grant select, delete on visio.mail_outbox to visio_system;
grant update (attempts, next_attempt_at, handed_at, claimed_at, sent_at, dropped_at, problem)
  on visio.mail_outbox to visio_system;
grant select, insert on visio.mail_choices to visio_system;
grant update (reminders, changed_at) on visio.mail_choices to visio_system;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
