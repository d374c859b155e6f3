@key@ OPERATOR(pg_catalog.=) ANY ($1)
  AND coalesce(@extschema@.ticket_token_digest(@token_bytes@), 0::pg_catalog.int8) OPERATOR(pg_catalog.=) ANY ($2)
