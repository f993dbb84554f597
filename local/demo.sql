-- The demo people. Their password is the local stack's, not the database's.

insert into public.operators (id, name, email) values
  ('11111111-1111-4111-8111-111111111111', 'MiKL', 'mikl@foxeo.example'),
  ('22222222-2222-4222-8222-222222222222', 'Nora', 'nora@foxeo.example')
on conflict do nothing;

insert into public.clients (id, auth_user_id, operator_id, name, email) values
  ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', 'a0000000-0000-4000-8000-00000000000a',
   '11111111-1111-4111-8111-111111111111', 'Alice', 'alice@client.example'),
  ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb', 'b0000000-0000-4000-8000-00000000000b',
   '11111111-1111-4111-8111-111111111111', 'Bruno', 'bruno@client.example'),
  ('cccccccc-cccc-4ccc-8ccc-cccccccccccc', 'c0000000-0000-4000-8000-00000000000c',
   '22222222-2222-4222-8222-222222222222', 'Chloé', 'chloe@client.example')
on conflict do nothing;
