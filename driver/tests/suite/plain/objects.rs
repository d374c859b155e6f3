//! What the script creates.

use crate::common::{Database, Edition, Server};

#[test]
fn every_object_of_the_plain_edition_has_a_comment() {
    let database = Database::with_functions_in_public(Edition::Plain, Server::shared());
    let without = "SELECT string_agg(pg_describe_object(classid, objid, 0), ', ') FROM (
                       SELECT 'pg_class'::regclass AS classid, oid AS objid FROM pg_class
                       WHERE relnamespace = 'public'::regnamespace
                       UNION ALL
                       SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace) AS own
                   WHERE obj_description(objid, classid::regclass::name) IS NULL";
    assert_eq!(database.one(without), "");
}

/// Their own words come from one mapping of errors to SQLSTATE, DETAIL and HINT.
#[test]
fn every_function_that_people_call_has_the_signature_that_it_has_in_the_extension() {
    let signatures = "SELECT string_agg(signature, E'\\n' ORDER BY signature) FROM (
                          SELECT format('%s(%s) %s', proname, pg_get_function_arguments(oid),
                                        pg_get_function_result(oid)) AS signature
                          FROM pg_proc
                          WHERE pronamespace = 'public'::regnamespace
                            AND proname ~ '^[a-z]+_(all_)?(ticket|tickets)_?'
                            AND proname NOT IN ('renew_ticket_token')
                            -- There are no shards where no extension can be installed on their nodes.
                            AND proname !~ '_shards?$') AS own";
    let [plain, extension] = [Edition::Plain, Edition::Extension]
        .map(|edition| Database::with_functions_in_public(edition, Server::shared()).one(signatures));
    assert!(plain.lines().count() > 15, "{plain}");
    assert_eq!(plain, extension);
}
