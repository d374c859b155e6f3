-- A database so old that VACUUM takes it for an emergency: each batch takes one transaction id more.
SELECT pg_catalog.format(
           'the oldest row of database %I is %s transactions old, and at 2,100 million the server takes no more: find '
           'what keeps VACUUM from freezing, and vacuum it first',
           datname,
           pg_catalog.age(datfrozenxid)) AS text
FROM pg_catalog.pg_database
WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
  AND pg_catalog.age(datfrozenxid)
      OPERATOR(pg_catalog.>=) coalesce(pg_catalog.current_setting('vacuum_failsafe_age', true), '1600000000')::integer
