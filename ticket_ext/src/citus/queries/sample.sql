-- The keys of a sample of $1 percent of the pages
SELECT @key_value@ FROM @target@ TABLESAMPLE SYSTEM ($1)
