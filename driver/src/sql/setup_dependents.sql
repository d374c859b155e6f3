-- What others have built upon schema $1 (its number), and would lose with it. The guard's triggers belong to it.
WITH own AS (
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS class, oid FROM pg_catalog.pg_class
    WHERE relnamespace OPERATOR(pg_catalog.=) $1
    UNION ALL
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, oid FROM pg_catalog.pg_proc
    WHERE pronamespace OPERATOR(pg_catalog.=) $1
    UNION ALL
    SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, oid FROM pg_catalog.pg_type
    WHERE typnamespace OPERATOR(pg_catalog.=) $1
), dependent AS (
    SELECT classid, objid,
           coalesce(pg_class.relnamespace, pronamespace, typnamespace, connamespace, default_of.relnamespace,
                    rule_of.relnamespace) AS schema,
           pg_catalog.pg_describe_object(classid, objid, 0) AS name
    FROM pg_catalog.pg_depend
    JOIN own ON own.class::pg_catalog.oid OPERATOR(pg_catalog.=) refclassid
        AND own.oid OPERATOR(pg_catalog.=) refobjid
    LEFT JOIN pg_catalog.pg_class ON classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
        AND pg_class.oid OPERATOR(pg_catalog.=) objid
    LEFT JOIN pg_catalog.pg_proc ON classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
        AND pg_proc.oid OPERATOR(pg_catalog.=) objid
    LEFT JOIN pg_catalog.pg_type ON classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
        AND pg_type.oid OPERATOR(pg_catalog.=) objid
    LEFT JOIN pg_catalog.pg_constraint
        ON classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_constraint'::pg_catalog.regclass
        AND pg_constraint.oid OPERATOR(pg_catalog.=) objid
    LEFT JOIN pg_catalog.pg_attrdef ON classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_attrdef'::pg_catalog.regclass
        AND pg_attrdef.oid OPERATOR(pg_catalog.=) objid
    LEFT JOIN pg_catalog.pg_class AS default_of ON default_of.oid OPERATOR(pg_catalog.=) adrelid
    LEFT JOIN pg_catalog.pg_rewrite ON classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        AND pg_rewrite.oid OPERATOR(pg_catalog.=) objid
    LEFT JOIN pg_catalog.pg_class AS rule_of ON rule_of.oid OPERATOR(pg_catalog.=) ev_class
    WHERE deptype OPERATOR(pg_catalog.=) ANY (ARRAY['n', 'a']::"char"[])
      AND NOT (classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_trigger'::pg_catalog.regclass
               AND EXISTS (SELECT FROM pg_catalog.pg_trigger
                           JOIN pg_catalog.pg_proc AS function ON function.oid OPERATOR(pg_catalog.=) tgfoid
                           WHERE pg_trigger.oid OPERATOR(pg_catalog.=) objid
                             AND pronamespace OPERATOR(pg_catalog.=) $1
                             AND proname OPERATOR(pg_catalog.=) 'ticket_guard'::pg_catalog.name))
)
SELECT pg_catalog.string_agg(DISTINCT name, ', ') AS dependents
FROM dependent
WHERE schema IS NULL OR schema OPERATOR(pg_catalog.<>) $1
