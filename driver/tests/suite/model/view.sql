SELECT id, {text}, {digest}, note FROM ticket;
SELECT run_id, state, upper_id, sweep FROM ticket_rotation;
SELECT run_id, first_id, last_id, rotated_at IS NOT NULL, swept_at IS NOT NULL
FROM ticket_rotation_range ORDER BY run_id, first_id;
SELECT run_id, sweep, last_id, first_id, tickets, keys, digests FROM ticket_rotation_batch
