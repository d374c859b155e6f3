SELECT count(*)
  FROM @schema@.ticket_rotation_range
 WHERE finished_at IS NULL
   AND run_id = (SELECT max(run_id) FROM @schema@.ticket_rotation
                  WHERE target::oid = $1 AND token_column = $2::text::name)
