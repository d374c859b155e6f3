@key@ OPERATOR(pg_catalog.>=) $1 AND @key@ OPERATOR(pg_catalog.<=) $2
