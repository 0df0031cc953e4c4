-- Of a refund that the bank's file lists, the bank's serial number of the payment that it gives back: by it a refund that was
-- not made here is known to be of one of our deposits. Files from before have none.
ALTER TABLE bank_rows ADD COLUMN original TEXT;

-- What became quota and was given back by the bank leaves the quota for the bank: a movement of a deposit too.
DROP INDEX movements_of_deposits;
CREATE INDEX movements_of_deposits ON movements (group_id, subject)
    WHERE from_kind IN ('deposits_in_review', 'refunds_due') OR to_kind IN ('deposits_in_review', 'bank');

-- When the deposit of an invoice was taken back: one that was issued is to be red-flushed then.
ALTER TABLE invoices ADD COLUMN taken_back_at_us BIGINT;
CREATE INDEX invoices_to_reverse ON invoices (id) WHERE taken_back_at_us IS NOT NULL AND state = 'issued';
