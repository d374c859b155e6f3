-- Locks tickets ($1: keys, from $2 to $3), as SELECT FOR UPDATE cannot over several shards
UPDATE @target@ AS ticket
SET @token@ = ticket.@token@
WHERE ticket.@key@ OPERATOR(pg_catalog.=) ANY ($1)
  AND ticket.@key@ OPERATOR(pg_catalog.>=) $2 AND ticket.@key@ OPERATOR(pg_catalog.<=) $3
