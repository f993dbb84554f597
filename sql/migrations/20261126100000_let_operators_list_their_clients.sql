-- migrate:up

-- A list is ordered by it and continued from it.
grant select (created_at) on public.clients to visio_app;

-- migrate:down
-- Forward only: dbmate asks for this line, and nothing stands below it.
