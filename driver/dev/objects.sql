-- What the extension consists of, a property a line, in an order of its own: two installations can be compared.
\pset format unaligned
\pset tuples_only on
WITH member AS (
    SELECT classid, objid
    FROM pg_depend
    WHERE deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ticket_ext')
),
relation AS (
    SELECT pg_class.* FROM pg_class JOIN member ON objid = oid AND classid = 'pg_class'::regclass
),
property AS (
    SELECT pg_describe_object(classid, objid, 0) AS object, 'comment' AS what, obj_description(objid, classid::regclass::name) AS value
    FROM member
    UNION ALL
    SELECT oid::regprocedure::text, 'definition', pg_get_functiondef(oid) || coalesce(proacl::text, '')
    FROM pg_proc JOIN member ON objid = oid AND classid = 'pg_proc'::regclass
    UNION ALL
    SELECT oid::regclass::text, 'kind, privileges, options', concat_ws(' ', relkind, relacl, reloptions) FROM relation
    UNION ALL
    SELECT oid::regclass::text, 'view', pg_get_viewdef(oid) FROM relation WHERE relkind = 'v'
    UNION ALL
    SELECT attrelid::regclass || '.' || attname, 'column',
           concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attidentity, attstorage, attacl,
                     pg_get_expr(adbin, adrelid), col_description(attrelid, attnum))
    FROM pg_attribute
    JOIN relation ON attrelid = relation.oid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT conrelid::regclass || '.' || conname, 'constraint', pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint JOIN relation ON conrelid = relation.oid
    UNION ALL
    SELECT indexrelid::regclass::text, 'index', pg_get_indexdef(indexrelid) || coalesce(obj_description(indexrelid), '')
    FROM pg_index JOIN relation ON indrelid = relation.oid
    UNION ALL
    SELECT tgrelid::regclass || '.' || tgname, 'trigger', pg_get_triggerdef(pg_trigger.oid)
    FROM pg_trigger JOIN relation ON tgrelid = relation.oid
    UNION ALL
    SELECT relation::regclass::text, 'dumped with', condition
    FROM pg_extension, unnest(extconfig, extcondition) AS dumped (relation, condition)
    WHERE extname = 'ticket_ext'
)
SELECT object || ' | ' || what || ' | ' || replace(value, E'\n', ' ')
FROM property
WHERE value IS NOT NULL
ORDER BY object, what;
