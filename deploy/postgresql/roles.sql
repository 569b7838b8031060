-- The two roles of the database and what each may do. Safe to run again.
--
-- Run once as a superuser (or a role with CREATEDB and CREATEROLE) of PostgreSQL 16 or newer:
--
--   CORPBANK_OWNER_PASSWORD=… CORPBANK_APP_PASSWORD=… \
--     psql -X -v ON_ERROR_STOP=1 -v database=corpbank -d postgres -f deploy/postgresql/roles.sql
--
-- psql variables (with their defaults):
--   database   corpbank          the database to make
--   owner      corpbank_owner    owns the tables, runs migrations, serves no request
--   app        corpbank_app      serves requests: reads and writes rows, owns nothing
-- The passwords are read from the environment so that they stand in no command line and no history.
-- Without them the roles are made without a password, for servers that authenticate otherwise.

\getenv owner_password CORPBANK_OWNER_PASSWORD
\getenv app_password CORPBANK_APP_PASSWORD
\if :{?database} \else \set database corpbank \endif
\if :{?owner} \else \set owner corpbank_owner \endif
\if :{?app} \else \set app corpbank_app \endif
\if :{?owner_password} \else \set owner_password '' \endif
\if :{?app_password} \else \set app_password '' \endif

SELECT format('CREATE ROLE %I', role) AS statement
FROM unnest(ARRAY[:'owner', :'app']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
\gexec

ALTER ROLE :"owner" LOGIN NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE :"app" LOGIN NOCREATEDB NOCREATEROLE NOREPLICATION;

-- Only a superuser may (and need) say these two; a plain creator makes roles without them anyway.
SELECT format('ALTER ROLE %I NOSUPERUSER NOBYPASSRLS', role) AS statement
FROM unnest(ARRAY[:'owner', :'app']) AS role
WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
\gexec

SELECT format('ALTER ROLE %I PASSWORD %L', role, password) AS statement
FROM (VALUES (:'owner', :'owner_password'), (:'app', :'app_password')) AS given(role, password)
WHERE password <> ''
\gexec

-- A request that waits for a lock gives up and answers 'busy'; nothing hangs for ever.
ALTER ROLE :"app" SET lock_timeout = '3s';
ALTER ROLE :"app" SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE :"app" SET statement_timeout = '60s';

SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', :'database', :'owner')
  AS statement
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec

\connect :"database"

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"app";

-- Tables are made by migrations, as the owner. The application may never TRUNCATE; migrations of
-- immutable tables take UPDATE and DELETE away again.
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO :"app";
