-- Nobody starts a run of the whole table meanwhile
LOCK TABLE @schema@.ticket_rotation, @schema@.ticket_rotation_shards IN SHARE ROW EXCLUSIVE MODE
