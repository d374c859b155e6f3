//! The one mapping of errors to SQLSTATE, DETAIL and HINT.

use pgrx::PgSqlErrorCode as Code;
use pgrx::pg_sys::panic::ErrorReport;

use crate::encoding::shown;
use crate::error::TicketError::{self, *};
use crate::lock_wait::Holders;

/// By which clients tell the extension's own words, which quote no row, from what the server says of one.
const ROUTINE: &str = "ticket_ext";

type Explanation = (Code, String, String);

impl From<TicketError> for ErrorReport {
    #[track_caller]
    fn from(error: TicketError) -> Self {
        let (code, detail, hint) = explain(&error);
        ErrorReport::new(code, shown(&error.to_string()), ROUTINE)
            .set_detail(shown(&detail))
            .set_hint(shown(&hint))
    }
}

#[expect(clippy::too_many_lines, reason = "one flat match, a case an error")]
fn explain(error: &TicketError) -> Explanation {
    match error {
        NoSuchTable { .. } => refuse(
            Code::ERRCODE_UNDEFINED_TABLE,
            "Names are looked up by search_path; a name with capitals or spaces needs double quotes.",
            NAME_THE_TABLE,
        ),
        WrongKind { .. } => refuse(
            Code::ERRCODE_WRONG_OBJECT_TYPE,
            "Tokens are rotated in ordinary and partitioned tables.",
            NAME_THE_TABLE,
        ),
        InheritanceChild { table, child } => refuse(
            Code::ERRCODE_FEATURE_NOT_SUPPORTED,
            "Keys are unique in each of them alone: tickets of both can have the same one.",
            format!("Part them, and rotate each by itself: ALTER TABLE {child} NO INHERIT {table};"),
        ),
        ForeignPart { part, .. } => refuse(
            Code::ERRCODE_WRONG_OBJECT_TYPE,
            "What another server stores cannot be checked in the transaction of a batch.",
            format!("Rotate it on its own server. To leave it out here, detach it: {part}"),
        ),
        NoKey { remedy, .. } => refuse(
            Code::ERRCODE_INVALID_TABLE_DEFINITION,
            "By default it is the primary key, of one smallint, integer, bigint or uuid column, or a column with a sequence that leads an index.",
            remedy,
        ),
        BadKey { fault, remedy, .. } => refuse(
            if fault == "does not exist" {
                Code::ERRCODE_UNDEFINED_COLUMN
            } else {
                Code::ERRCODE_INVALID_COLUMN_DEFINITION
            },
            "Batches are intervals of a key: a NOT NULL column that leads an index, so that no ticket is left out or looked for in the whole table.",
            remedy,
        ),
        NoSuchColumn { .. } => refuse(
            Code::ERRCODE_UNDEFINED_COLUMN,
            "The column is looked up by its plain name, without quotes.",
            NAME_THE_COLUMN,
        ),
        WrongColumnType { .. } => refuse(
            Code::ERRCODE_DATATYPE_MISMATCH,
            "Tokens are of type uuid, text, varchar, char(n), citext or bytea, or of a domain over one of them.",
            NAME_THE_COLUMN,
        ),
        BadFormat { call, .. } => refuse(Code::ERRCODE_INVALID_PARAMETER_VALUE, FORMATS, call),
        WeakFormat { call, .. } => refuse(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            "With 64 or more nobody tries all of them. Where the tickets are protected by other means:",
            call,
        ),
        FullFormat { bits, .. } => refuse(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("There are {:.0} different ones, and no two tickets may have the same.", bits.exp2()),
            "Choose a longer one.",
        ),
        OtherFormat { sampled, uuids, looks, call, .. } => refuse(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            match looks {
                Some(looks) => {
                    format!("In a sample of {sampled}, of which {uuids} are UUIDs, they look like {looks}.")
                }
                None => format!(
                    "In a sample of {sampled}, of which {uuids} are UUIDs, they have nothing in common that a format could say. {FORMATS}"
                ),
            },
            format!("Name the format that new tokens are to have: {call}"),
        ),
        UnfitFormat { call, .. } => refuse(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            "New tokens were tried on the column before anything was changed.",
            format!("Name a format that fits: {call}"),
        ),
        NoNewToken { .. } => refuse(
            Code::ERRCODE_DATA_EXCEPTION,
            "The batch is rolled back.",
            "Correct the function, or cancel the run and start another one with another format.",
        ),
        Collision { format, codes, tickets, .. } => refuse(
            Code::ERRCODE_T_R_SERIALIZATION_FAILURE,
            format!(
                "There are {codes:.0} tokens of format {format}, and {:.2} % of them are taken. The batch is rolled back.",
                100.0 * *tickets as f64 / codes
            ),
            "Call again: it makes others. If that does not help, start a run with a longer format.",
        ),
        GeneratedColumn { .. } => refuse(
            Code::ERRCODE_GENERATED_ALWAYS,
            "The server computes it from other columns.",
            NAME_THE_COLUMN,
        ),
        RowSecurity { table } => refuse(
            Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
            "Its policies may hide tickets, which would then keep their old tokens.",
            format!("Rotate as the owner of {table} or as a role with BYPASSRLS."),
        ),
        UpdateRule { table, rule } => refuse(
            Code::ERRCODE_FEATURE_NOT_SUPPORTED,
            "A rule may rewrite the update, so that tickets keep their old tokens.",
            format!("Drop it, and create it again after the rotation: DROP RULE {rule} ON {table};"),
        ),
        ForeignKey { .. } => refuse(
            Code::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
            "A token can only change under a foreign key that refers to it with ON UPDATE CASCADE.",
            "Make the foreign key ON UPDATE CASCADE, or drop it and create it again after the rotation.",
        ),
        MissingGrants { grants, .. } => refuse(
            Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
            "It takes SELECT on the table's key and token, and UPDATE on its token.",
            grants,
        ),
        NotOnCoordinator { .. } => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "The ledger is kept there: runs of two nodes would rotate its tickets twice.",
            "Connect to the coordinator.",
        ),
        CitusUnfit { detail, remedy, .. } => refuse(Code::ERRCODE_FEATURE_NOT_SUPPORTED, *detail, remedy),
        CitusGuard { .. } => refuse(
            Code::ERRCODE_FEATURE_NOT_SUPPORTED,
            "A guard is a trigger, which Citus keeps from its tables, and asks the ledger, which the other nodes do not have.",
            "Sweep the run again once the application has stopped to write old tokens.",
        ),
        Alike { .. } => refuse(
            Code::ERRCODE_CARDINALITY_VIOLATION,
            "They cannot be told apart on their shards. The batch is rolled back.",
            "Give one of them another token or key, and call again.",
        ),
        NodeAway { .. } => refuse(
            Code::ERRCODE_CONNECTION_FAILURE,
            "All nodes that have tickets of the table take part in its rotation.",
            "Start the node and call again.",
        ),
        NullBatch | BatchTooSmall { .. } => refuse(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            "It is the number of tickets to rotate in one transaction.",
            "SELECT rotate_ticket_tokens(NULL, 5000);",
        ),
        RangesOutOfBounds { .. } => refuse(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            "It is the number of parts that sessions can rotate side by side.",
            "SELECT start_ticket_rotation(ranges => 8);",
        ),
        BatchTimeOutOfBounds { .. } => refuse(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            "It is how long a batch should take.",
            "SELECT tune_ticket_rotation(batch_time => '200 ms');",
        ),
        NiceOutOfBounds { .. } => refuse(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            "It is how many times as long as a batch took a worker rests after it.",
            "SELECT tune_ticket_rotation(nice => 1);",
        ),
        WorkersOutOfBounds { .. } => refuse(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            "It is the number of connections that each driver rotates on.",
            "SELECT tune_ticket_rotation(workers => 2);",
        ),
        Standby => refuse(
            Code::ERRCODE_READ_ONLY_SQL_TRANSACTION,
            "A standby replays what its primary does and cannot write.",
            "Connect to the primary.",
        ),
        ReadOnly => refuse(
            Code::ERRCODE_READ_ONLY_SQL_TRANSACTION,
            "The transaction was started READ ONLY, or default_transaction_read_only is on.",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;",
        ),
        Isolation { .. } => refuse(
            Code::ERRCODE_INVALID_TRANSACTION_STATE,
            "A batch has to see what other sessions committed while it waited for its range.",
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;",
        ),
        ReplicaRole => refuse(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            "It keeps triggers and foreign keys from following the new tokens.",
            "SET session_replication_role = origin;",
        ),
        NoRun { call, .. } => {
            refuse(Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "There is no run to change.", call)
        }
        NoTickets { .. } => refuse(
            Code::ERRCODE_NO_DATA_FOUND,
            "A run covers the tickets that exist when it starts.",
            NAME_THE_TABLE,
        ),
        WrongState { state, call, .. } if state == "paused" => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "No batch is rotated until the run is resumed.",
            call,
        ),
        WrongState { call, .. } => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "It cannot be changed any more; a new run rotates every ticket of the table again.",
            call,
        ),
        Unfinished { call, .. } => refuse(
            Code::ERRCODE_OBJECT_IN_USE,
            "A token column has one unfinished run at a time.",
            format!("Let it finish, or end it: {call}"),
        ),
        OlderWriters { writers, .. } => refuse(
            Code::ERRCODE_LOCK_NOT_AVAILABLE,
            format!("They may have inserted tickets that no batch could see: {}.", writers.described),
            wait_or_end(writers),
        ),
        Held { holders, .. } if holders.described.is_empty() => refuse(
            Code::ERRCODE_LOCK_NOT_AVAILABLE,
            "It was not free for some seconds, and who held it has gone since.",
            "Call again.",
        ),
        Held { holders, .. } => refuse(
            Code::ERRCODE_LOCK_NOT_AVAILABLE,
            format!("It is held by {}.", holders.described),
            wait_or_end(holders),
        ),
        TableSwapped { call, .. } => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "Another table has taken over its name. What the run has rotated is not in this one.",
            format!("Name the table that is meant, or start another run for this one: {call}"),
        ),
        TableRenamed { name, call, start, .. } => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!(
                "Either {name} was renamed, or it was dropped, and a restored run names another table by its number."
            ),
            format!("If it is the same table, go on under its new name: {call} If not: {start}"),
        ),
        ColumnSwapped { call, .. } => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "Columns have changed their names since. What the run has rotated is not in this one.",
            format!("Change them back, or once the run has ended start another one: {call}"),
        ),
        KeyMoved { call, .. } => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "Its ranges and entries are of the old key; by another one tickets would be left out.",
            format!("Change it back, or once the run has ended start another one: {call}"),
        ),
        NoToken { .. } => refuse(
            Code::ERRCODE_INVALID_TEXT_REPRESENTATION,
            "What was given is not repeated here.",
            NAME_THE_COLUMN,
        ),
        NoSuchRun { .. } => refuse(
            Code::ERRCODE_NO_DATA_FOUND,
            "Runs are listed in batch_progress.",
            "SELECT run_id, target, state FROM batch_progress ORDER BY run_id;",
        ),
        NotYours { .. } => refuse(
            Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
            "It takes the right to UPDATE the token column; the run of a dropped table is left to superusers.",
            "Ask the owner of the table.",
        ),
        StillNeeded { .. } => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "Its entries are what it goes by until it has ended.",
            "Let it finish, or cancel it.",
        ),
        Forgotten { call, .. } => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "Without them nobody can tell an old token from a new one.",
            format!("Another run rotates every ticket of the table again: {call}"),
        ),
        NotOwner { call, .. } => refuse(
            Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
            "A guard consists of triggers of the table.",
            format!("Ask the owner of the table, or a superuser: {call}"),
        ),
        UnknownAction { .. } => refuse(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            "A write of a retired token keeps the live one, or is refused with an error.",
            "SELECT guard_ticket_tokens(action => 'keep');",
        ),
        RetiredToken { call, .. } => refuse(
            Code::ERRCODE_CHECK_VIOLATION,
            "Its old token is written back, which may have leaked. What was read before the rotation is out of date.",
            format!("Read the ticket again and save it then. To let such writes keep the live token: {call}"),
        ),
        GuardByHand => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "A trigger that was created otherwise does not tell which column it guards.",
            "Drop the trigger, and: SELECT guard_ticket_tokens('schema.table', 'column');",
        ),
        SettingOfCaller { setting } => refuse(
            Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
            "Its caller could choose what the function overwrites.",
            format!(
                "Name table and column in the call instead of setting {setting}: SELECT rotate_ticket_tokens(NULL, 5000, 'schema.table', 'column');"
            ),
        ),
        ChangedMeanwhile { .. } => refuse(
            Code::ERRCODE_T_R_SERIALIZATION_FAILURE,
            "Its name, its schema, a partition or a role is another one than when the batch began. It is rolled back.",
            "Call again.",
        ),
        NestedBatch => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "A trigger on the tickets has called rotate_ticket_tokens.",
            "Call it from outside of the triggers.",
        ),
        OutsideBatch => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "The function is part of the UPDATE of a batch.",
            "For a batch: SELECT rotate_ticket_tokens(NULL, 5000); for a new token: SELECT new_ticket_token();",
        ),
        NotRotated { keys, disable, .. } if disable.is_empty() => refuse(
            Code::ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION,
            format!(
                "The new tokens of ids {keys} are not the ones that are stored. The batch is rolled back."
            ),
            "Look for what else writes to them.",
        ),
        NotRotated { keys, disable, .. } => refuse(
            Code::ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION,
            format!(
                "A trigger suppressed the update or changed the new token of ids {keys}. The batch is rolled back."
            ),
            format!("For the time of the rotation: {disable}"),
        ),
        NoCitus | NoShard { .. } => refuse(
            Code::ERRCODE_WRONG_OBJECT_TYPE,
            "Shards are the parts of a table that Citus has distributed, each a table of its own on some node.",
            "rotate-driver run --shards",
        ),
        ShardMoved { .. } => refuse(
            Code::ERRCODE_UNDEFINED_TABLE,
            "It has moved. What lies here still is an orphan, which nobody reads.",
            "Call on the node that pg_dist_placement names.",
        ),
        ShardReplicated { .. } => refuse(
            Code::ERRCODE_FEATURE_NOT_SUPPORTED,
            "Each placement would get other tokens.",
            "Rotate the table on the coordinator.",
        ),
        NoShardLedger { .. } => refuse(
            Code::ERRCODE_WRONG_OBJECT_TYPE,
            "It is a shard of a table that was distributed for the run, colocated with the target.",
            "rotate-driver run --shards",
        ),
        ShardNotPlanned { .. } => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "A shard that was split has other numbers than the run knows, and its ledger may be elsewhere.",
            "rotate-driver run --shards",
        ),
        ShardLedgerDiffers { .. } => refuse(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "Its tickets may have been rotated past its ledger, or the rotation tables of this node were changed.",
            "Look at the runs of the shard in ticket_rotation of this node before anything is rotated again.",
        ),
        ShardByHand { .. } => refuse(
            Code::ERRCODE_FEATURE_NOT_SUPPORTED,
            "What is rotated here by hand is not in the ledger that moves with the shard.",
            "rotate-driver run --shards",
        ),
        RunsPerShard { .. } => refuse(
            Code::ERRCODE_OBJECT_IN_USE,
            "Both would rotate the same tickets.",
            "Let it finish: rotate-driver run --shards",
        ),
        Violation { code, .. } => refuse(
            *code,
            "The row is withheld, because it holds tokens. The batch is rolled back.",
            "The new tokens have to satisfy the constraints of the table and of those that refer to it.",
        ),
        Random(_) => refuse(Code::ERRCODE_SYSTEM_ERROR, "No token was made.", "Look into the system's log."),
        Spi(_) => {
            refuse(Code::ERRCODE_INTERNAL_ERROR, "Nothing was changed.", "Please report this as a bug.")
        }
    }
}

const FORMATS: &str = "A format is a text with fields of random characters, {digits:n}, {hex:n}, {HEX:n}, {base32:n}, {base36:n}, {base58:n}, {base62:n}, {base64:n}, {base64url:n} or {uuid}; uuid; {bytes:n} of a bytea; or function:name.";
const NAME_THE_TABLE: &str =
    "Name the table in the call, or for the session: SET ticket_ext.target = 'schema.table';";
const NAME_THE_COLUMN: &str =
    "Name the column in the call, or for the session: SET ticket_ext.token_column = 'column';";

fn refuse(code: Code, detail: impl Into<String>, hint: impl AsRef<str>) -> Explanation {
    (code, detail.into(), hint.as_ref().to_owned())
}

fn wait_or_end(holders: &Holders) -> String {
    let end = holders.end.as_deref().unwrap_or("SELECT pg_terminate_backend(process);");
    format!("Wait and call again, or end it: {end}")
}
