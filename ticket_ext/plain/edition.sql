-- The plain-SQL edition of ticket_ext: for servers where no compiled extension can be installed.
@include sql/tables.sql@
@include sql/control.sql@
