@key@ OPERATOR(pg_catalog.=) ANY ($1)
  AND @extschema@.ticket_token_digest(@token_bytes@) OPERATOR(pg_catalog.=) ANY ($2)
