-- The two roles and the database of the portal (docs/decisions/0003-two-database-roles.md).
-- PostgreSQL's image runs this file once, as its superuser, when the volume `database` is empty.
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
CREATE ROLE portal_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE portal_app LOGIN PASSWORD :'app_password';
CREATE DATABASE portal OWNER portal_owner;
-- A statement that fails is not logged with its values: they may hold contents of reports.
ALTER ROLE portal_owner SET log_min_error_statement = panic;
ALTER ROLE portal_owner SET log_error_verbosity = terse;
ALTER ROLE portal_app SET log_min_error_statement = panic;
ALTER ROLE portal_app SET log_error_verbosity = terse;
