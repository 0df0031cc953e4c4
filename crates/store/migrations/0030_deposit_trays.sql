-- What the office's lists of deposits ask for: what has to go back and has not yet, what was decided and is done, and a
-- deposit by the number that stands on the bank's paper.
CREATE INDEX deposits_going_back ON deposits (decided_at_us, id) WHERE state IN ('rejected', 'refunding');
CREATE INDEX deposits_done ON deposits (decided_at_us, id) WHERE state IN ('approved', 'refunded');
CREATE INDEX deposit_serials_of ON deposit_serials (serial);
CREATE INDEX deposit_exceptions_closed ON deposit_exceptions (closed_at_us, id) WHERE closed_at_us IS NOT NULL;
-- The movements of one deposit. No load touches these accounts, so the hot path pays nothing for it.
CREATE INDEX movements_of_deposits ON movements (group_id, subject)
    WHERE from_kind IN ('deposits_in_review', 'refunds_due') OR to_kind = 'deposits_in_review';
