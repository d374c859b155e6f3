//! What is done to the table for a while. Each statement can be repeated. One that changes the partitions as well
//! locks the whole table first: it would lock them before the table, and everybody else locks them after it.

pub struct Change {
    pub there: &'static str,
    pub back: &'static str,
}

pub const SUPPRESSED: Change = Change {
    there: "LOCK TABLE ticket;
            DROP TRIGGER IF EXISTS suppress ON ticket;
            CREATE TRIGGER suppress BEFORE UPDATE OF token ON ticket
                FOR EACH ROW WHEN (OLD.id % 3 = 0) EXECUTE FUNCTION suppress()",
    back: "LOCK TABLE ticket; DROP TRIGGER IF EXISTS suppress ON ticket",
};

/// Of the whole table where it has no partitions.
pub const KEPT_IN_PARTITION: Change = Change {
    there: "DO $$
            DECLARE part regclass := coalesce(to_regclass('ticket_low'), 'ticket');
            BEGIN
                EXECUTE format('DROP TRIGGER IF EXISTS keep ON %s', part);
                EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE OF token ON %s
                                FOR EACH ROW EXECUTE FUNCTION keep_token()', part);
            END
            $$",
    back: "DO $$
           DECLARE part regclass := coalesce(to_regclass('ticket_low'), 'ticket');
           BEGIN
               EXECUTE format('DROP TRIGGER IF EXISTS keep ON %s', part);
           END
           $$",
};

pub const HIDDEN: Change = Change {
    there: "ALTER TABLE ticket ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    back: "ALTER TABLE ticket DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
};

pub const TABLE_SWAPPED: Change = Change {
    there: "DO $$BEGIN
                IF to_regclass('away') IS NULL THEN
                    ALTER TABLE ticket RENAME TO away;
                    ALTER TABLE decoy RENAME TO ticket;
                END IF;
            END$$",
    back: "DO $$BEGIN
               IF to_regclass('away') IS NOT NULL THEN
                   ALTER TABLE ticket RENAME TO decoy;
                   ALTER TABLE away RENAME TO ticket;
               END IF;
           END$$",
};

pub const COLUMN_SWAPPED: Change = Change {
    there: "LOCK TABLE ticket;
            DO $$BEGIN
                ALTER TABLE ticket RENAME token TO away;
                ALTER TABLE ticket RENAME other TO token;
            EXCEPTION WHEN duplicate_column THEN NULL;
            END$$",
    back: "LOCK TABLE ticket;
           DO $$BEGIN
               ALTER TABLE ticket RENAME token TO other;
               ALTER TABLE ticket RENAME away TO token;
           EXCEPTION WHEN duplicate_column THEN NULL;
           END$$",
};
