-- The first ticket from $1 on whose leaked token the run ($2) has retired gets it back
UPDATE ticket SET token = leaked.token
FROM leaked
WHERE leaked.id = ticket.id
  AND EXISTS (SELECT FROM ticket_rotation WHERE run_id = $2 AND state = 'active')
  AND ticket.id = (
      SELECT id
      FROM rotated JOIN ticket_rotation_batch USING (transaction_id) JOIN leaked AS before USING (id)
      WHERE id >= $1 AND run_id = $2 AND lost = ticket_token_digest(before.token)
      ORDER BY id
      LIMIT 1
  )
