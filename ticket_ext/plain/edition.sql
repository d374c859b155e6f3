-- The plain-SQL edition of ticket_ext, for servers where no compiled extension can be installed.
SET LOCAL check_function_bodies TO off;
@include sql/version.sql@
@include sql/tables.sql@
@include sql/cluster.sql@
@include sql/control.sql@
@include plain/errors.sql@
@include plain/tokens.sql@
@include plain/locks.sql@
@include plain/context.sql@
@include plain/run.sql@
@include plain/range.sql@
@include plain/batch.sql@
@include plain/sweep.sql@
@include plain/format.sql@
@include plain/choose.sql@
@include plain/start.sql@
@include plain/verify.sql@
@include plain/tune.sql@
@include plain/trace.sql@
@include plain/guard.sql@
@include plain/api.sql@
@include sql/guard.sql@
@include sql/progress.sql@
@include sql/procedures.sql@
@include sql/settings.sql@
@include sql/functions.sql@
@include sql/grants.sql@
