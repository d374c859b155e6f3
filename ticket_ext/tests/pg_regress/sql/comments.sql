-- Every object of the extension, and every column, has a comment.
CREATE EXTENSION ticket_ext;
CREATE TEMP VIEW members AS
SELECT classid, objid FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ticket_ext');
SELECT pg_describe_object(classid, objid, 0) AS without_comment
FROM members
WHERE obj_description(objid, classid::regclass::name) IS NULL
  AND classid <> 'pg_type'::regclass;
SELECT pg_describe_object('pg_class'::regclass, attrelid, attnum) AS without_comment
FROM members JOIN pg_attribute ON classid = 'pg_class'::regclass AND attrelid = objid AND attnum > 0
JOIN pg_class ON pg_class.oid = attrelid AND relkind IN ('r', 'v')
WHERE col_description(attrelid, attnum) IS NULL;
SELECT count(*) > 10 AS many FROM members;
