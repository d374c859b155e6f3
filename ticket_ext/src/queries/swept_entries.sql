SELECT entry.key, entry.digest, entry.new_digest
FROM @extschema@.ticket_rotation_batch AS batch
CROSS JOIN LATERAL unnest(keys, digests, new_digests) AS entry (key, digest, new_digest)
WHERE run_id = $1 AND sweep > 0 AND last_id >= $2 AND first_id <= $3
  AND entry.key BETWEEN $2 AND $3
