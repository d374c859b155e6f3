-- Whether each of some columns has the token of its ticket, or a digest of it, in one of the first $1 tickets
SELECT @held@
FROM (SELECT ARRAY[@texts@] AS texts,
             ARRAY[@token_bytes@::text, md5(@token_bytes@::text),
                   encode(sha256(convert_to(@token_bytes@::text, 'UTF8')), 'hex')] AS forms
      FROM @target@
      WHERE NOT (@lacks_token@)
      LIMIT $1) AS ticket
