-- What the catalogue must never hold. Below each rule one query, which returns the offenders and so
-- no row at all. Anybody may ask: only pg_catalog is read, which hides nothing from weak roles.

-- rule: a table of ours without row security, enabled and forced
select c.oid::regclass::text from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
   and not (c.relrowsecurity and c.relforcerowsecurity);

-- rule: a table outside public that a browser's role can reach
select c.oid::regclass::text from pg_class c cross join lateral aclexplode(c.relacl) a
 where c.relnamespace = 'visio'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
   and a.grantee in (0, to_regrole('anon'), to_regrole('authenticated'));

-- rule: a policy for everybody
select policyname::text from pg_policies
 where schemaname in ('public', 'visio') and roles && array['public', 'anon']::name[];

-- rule: a policy that asks nothing
select policyname::text from pg_policies
 where schemaname in ('public', 'visio') and (qual = 'true' or with_check = 'true');

-- rule: a policy for writing that does not say what may be written
select policyname::text from pg_policies
 where schemaname in ('public', 'visio') and cmd in ('ALL', 'INSERT', 'UPDATE') and with_check is null;

-- rule: a policy that calls auth for each row
select policyname::text from pg_policies
 where schemaname in ('public', 'visio')
   and regexp_replace(coalesce(qual, '') || coalesce(with_check, ''),
         '\( SELECT auth\.(uid|role|jwt)\(\)', '', 'g') ~ 'auth\.(uid|role|jwt)\(\)';

-- rule: a policy that believes what users may write about themselves
select policyname::text from pg_policies
 where coalesce(qual, '') || coalesce(with_check, '') ~ 'user_metadata'
   and schemaname in ('public', 'visio', 'realtime');

-- rule: a policy that lets a browser send on a channel
select policyname::text from pg_policies
 where schemaname = 'realtime' and tablename = 'messages' and cmd <> 'SELECT'
   and roles && array['public', 'anon', 'authenticated']::name[];

-- rule: a function that runs as its owner
select p.oid::regprocedure::text from pg_proc p
 where p.pronamespace in ('visio'::regnamespace, 'public'::regnamespace)
   and p.prosecdef and not exists (
     select from pg_depend d where d.objid = p.oid and d.deptype = 'e');

-- rule: a function of ours without a fixed search path
select p.oid::regprocedure::text from pg_proc p
 where p.pronamespace = 'visio'::regnamespace
   and not coalesce(p.proconfig, '{}') @> array['search_path=""'];

-- rule: a function of ours for everybody
select p.oid::regprocedure::text from pg_proc p
 where p.pronamespace = 'visio'::regnamespace and has_function_privilege('public', p.oid, 'execute');

-- rule: a view that runs as its owner
select c.oid::regclass::text from pg_class c
 where c.relnamespace in ('public'::regnamespace, 'visio'::regnamespace)
   and (c.relkind = 'm'
     or c.relkind = 'v' and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on']);

-- rule: a privilege that no role of ours needs
select c.oid::regclass || ' ' || a.grantee::regrole || ' ' || a.privilege_type
  from pg_class c cross join lateral aclexplode(c.relacl) a
 where c.relnamespace in ('public'::regnamespace, 'visio'::regnamespace) and c.relkind in ('r', 'p')
   and a.grantee in (0, to_regrole('anon'), to_regrole('authenticated'), to_regrole('visio_app'),
     to_regrole('visio_system'), to_regrole('visio_keeper'))
   and a.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE');

-- rule: a whole table that a role may update
select c.oid::regclass || ' ' || a.grantee::regrole
  from pg_class c cross join lateral aclexplode(c.relacl) a
 where c.relnamespace in ('public'::regnamespace, 'visio'::regnamespace) and c.relkind in ('r', 'p')
   and a.grantee in (0, to_regrole('anon'), to_regrole('authenticated'), to_regrole('visio_app'),
     to_regrole('visio_system'), to_regrole('visio_keeper'))
   and a.privilege_type = 'UPDATE';

-- rule: a write by a browser's role
select c.oid::regclass || ' ' || a.grantee::regrole || ' ' || a.privilege_type
  from pg_class c
  left join pg_attribute t on t.attrelid = c.oid
 cross join lateral aclexplode(coalesce(t.attacl, c.relacl)) a
 where c.relnamespace in ('public'::regnamespace, 'visio'::regnamespace) and c.relkind in ('r', 'p')
   and a.grantee in (0, to_regrole('anon'), to_regrole('authenticated'))
   and a.privilege_type <> 'SELECT'
 group by 1;

-- rule: a role of ours that logs in, owns or bypasses
select r.rolname::text from pg_roles r
 where r.rolname in ('visio_app', 'visio_system', 'visio_keeper')
   and (r.rolcanlogin or r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb
     or exists (select from pg_class c where c.relowner = r.oid));

-- rule: a login of the functions that owns, bypasses, makes roles, or has its rights unasked
select r.rolname::text
  from pg_auth_members m
  join pg_roles r on r.oid = m.member
 where m.roleid in (to_regrole('visio_app'), to_regrole('visio_system')) and not m.admin_option
   and r.rolcanlogin
   and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolinherit
     or exists (
       select from pg_class c
        where c.relowner = r.oid
          and c.relnamespace in ('public'::regnamespace, 'visio'::regnamespace)))
 group by 1;

-- rule: a role of ours that cannot ask who is calling
select r.rolname::text from pg_roles r
 where r.rolname in ('visio_app', 'visio_system')
   and not coalesce(has_function_privilege(r.oid, to_regprocedure('visio.caller()'), 'execute'), false);

-- rule: a time without its zone
select t.attrelid::regclass || '.' || t.attname
  from pg_attribute t join pg_class c on c.oid = t.attrelid
 where c.relnamespace in ('public'::regnamespace, 'visio'::regnamespace) and c.relkind in ('r', 'p')
   and t.atttypid = 'timestamp'::regtype;

-- rule: a foreign key without its index
select c.conrelid::regclass || ' ' || c.conname from pg_constraint c
 where c.contype = 'f' and c.connamespace in ('public'::regnamespace, 'visio'::regnamespace)
   and not exists (
     select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1]);

-- rule: a constraint that was never validated, or an index that was never finished
select c.conname::text from pg_constraint c
 where c.connamespace in ('public'::regnamespace, 'visio'::regnamespace) and not c.convalidated
union all
select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid
 where c.relnamespace in ('public'::regnamespace, 'visio'::regnamespace) and not i.indisvalid;
