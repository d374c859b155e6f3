-- Look-alikes, in schema public, of every function and operator of the server that can be imitated: with the same types
-- of arguments, and with one that is nearly the same, which is a better match where a call needs a conversion. Each of
-- them raises an error that names it. The owner is a role without privileges: role mallory.

CREATE ROLE mallory_@database@;
GRANT USAGE, CREATE ON SCHEMA public TO mallory_@database@;
SET ROLE mallory_@database@;
SET search_path = pg_catalog;

DO $make$
DECLARE
    made integer := 0;
    look_alike record;
BEGIN
    FOR look_alike IN
        WITH near (type, instead) AS (
            VALUES ('text'::regtype, 'name'::regtype), ('text', 'varchar'), ('name', 'text'), ('int8', 'int4'),
                   ('int4', 'int8'), ('float8', 'numeric'), ('float8', 'int4'), ('numeric', 'int4'),
                   ('timestamptz', 'timestamp'), ('regclass', 'oid'), ('oid', 'regclass'), ('xid8', 'int8')
        ), source AS (
            SELECT proname, proretset, prorettype,
                   ARRAY(SELECT unnest(proargtypes)) AS arguments
            FROM pg_proc
            JOIN pg_type AS result ON result.oid = prorettype
            WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND NOT proretset
              AND provariadic = 0 AND result.typtype IN ('b', 'd', 'e', 'r', 'm')
              AND NOT EXISTS (SELECT FROM unnest(proargtypes) AS of JOIN pg_type ON pg_type.oid = of
                              WHERE typtype NOT IN ('b', 'd', 'e', 'r', 'm'))
        ), signature AS (
            SELECT proname, prorettype, arguments FROM source
            UNION
            SELECT proname, prorettype, arguments[:i - 1] || instead::oid || arguments[i + 1:]
            FROM source
            CROSS JOIN LATERAL generate_subscripts(arguments, 1) AS i
            JOIN near ON near.type = arguments[i]
        )
        SELECT DISTINCT ON (proname, arguments)
               format('CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', proname,
                      (SELECT string_agg(format_type(of, NULL), ', ' ORDER BY i)
                       FROM unnest(arguments) WITH ORDINALITY AS argument (of, i)),
                      format_type(prorettype, NULL),
                      format('BEGIN RAISE EXCEPTION ''look-alike of function %s was called''; END', proname)) AS statement
        FROM signature
    LOOP
        EXECUTE look_alike.statement;
        made := made + 1;
    END LOOP;
    FOR look_alike IN
        WITH near (type, instead) AS (
            VALUES ('text'::regtype, 'name'::regtype), ('name', 'text'), ('int8', 'int4'), ('int4', 'int8'),
                   ('int2', 'int8'), ('float8', 'numeric'), ('float8', 'int4'), ('oid', 'regclass'), ('oid', 'int8'),
                   ('"char"', 'text'), ('bool', 'text'), ('numeric', 'int8'), ('interval', 'text')
        ), source AS (
            SELECT oprname, oprleft, oprright, oprresult FROM pg_operator
            WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprkind = 'b'
              AND NOT EXISTS (SELECT FROM pg_type WHERE pg_type.oid IN (oprleft, oprright, oprresult)
                              AND typtype NOT IN ('b', 'd', 'e', 'r', 'm'))
        ), signature AS (
            SELECT * FROM source
            UNION
            SELECT oprname, instead::oid, oprright, oprresult FROM source JOIN near ON type = oprleft
            UNION
            SELECT oprname, oprleft, instead::oid, oprresult FROM source JOIN near ON type = oprright
        )
        SELECT DISTINCT ON (oprname, oprleft, oprright)
               row_number() OVER () AS number, oprname,
               format_type(oprleft, NULL) AS "left", format_type(oprright, NULL) AS "right",
               format_type(oprresult, NULL) AS result
        FROM signature
    LOOP
        EXECUTE format('CREATE FUNCTION public.look_alike_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', look_alike.number,
                       look_alike."left", look_alike."right", look_alike.result,
                       format('BEGIN RAISE EXCEPTION ''look-alike of operator %s (%s, %s) was called''; END',
                              replace(look_alike.oprname, '%', '%%'), look_alike."left", look_alike."right"));
        EXECUTE format('CREATE OPERATOR public.%s (PROCEDURE = public.look_alike_%s, LEFTARG = %s, RIGHTARG = %s)',
                       look_alike.oprname, look_alike.number, look_alike."left", look_alike."right");
        made := made + 1;
    END LOOP;
    RAISE NOTICE '% look-alikes', made;
END
$make$;
RESET ROLE;
