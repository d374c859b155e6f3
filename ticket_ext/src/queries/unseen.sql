-- Tickets in the intervals of batches that ran beside older transactions, other than those that the batches rotated
SELECT unseen.id
FROM @extschema@.ticket_rotation_batch AS batch
CROSS JOIN LATERAL (
    SELECT @id@::bigint AS id FROM @target@ WHERE @id@ > batch.after_id AND @id@ <= batch.last_id
    EXCEPT
    SELECT unnest(batch.ids)
) AS unseen
WHERE batch.run_id = $1 AND batch.ids IS NOT NULL
