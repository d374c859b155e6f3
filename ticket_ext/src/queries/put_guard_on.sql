CREATE TRIGGER @insert_trigger@ @timing@ INSERT ON @target@ FOR EACH ROW
    WHEN (NEW.@token@ IS NOT NULL) EXECUTE FUNCTION @extschema@.ticket_guard('@action@');
CREATE TRIGGER @update_trigger@ BEFORE UPDATE ON @target@ FOR EACH ROW
    WHEN (OLD.@token@ IS DISTINCT FROM NEW.@token@) EXECUTE FUNCTION @extschema@.ticket_guard('@action@');
ALTER TABLE @target@ ENABLE ALWAYS TRIGGER @insert_trigger@;
ALTER TABLE @target@ ENABLE ALWAYS TRIGGER @update_trigger@
