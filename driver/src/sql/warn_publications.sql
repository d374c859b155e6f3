-- Publications that carry the rotation tables along. A subscriber without them stops at the first row.
SELECT pg_catalog.format(
           'publication %I is FOR ALL TABLES, those of the rotation too, and a subscriber without them stops: there first '
           'CREATE EXTENSION ticket_ext; or rotate-driver setup%s',
           pubname,
           CASE WHEN pg_catalog.current_setting('server_version_num')::integer OPERATOR(pg_catalog.>=) 150000
                THEN '; or publish FOR TABLES IN SCHEMA those that are meant' END) AS text
FROM pg_catalog.pg_publication
WHERE puballtables AND pubinsert
ORDER BY pubname
