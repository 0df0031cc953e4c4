-- Which merchant we were at the gateway when the deposit was made. Empty: made before that was noted, and taken for the one
-- that is set up.
ALTER TABLE deposits ADD COLUMN merchant TEXT NOT NULL DEFAULT '';

-- Where the gateway's answer cannot stand for the money, two people have typed the same number under which the bank knows
-- of it.
ALTER TABLE deposit_reviews ADD COLUMN reference TEXT
    CHECK (reference IS NULL OR reference <> '' AND approve = 1 AND alone = 0);
ALTER TABLE deposit_answers ADD COLUMN reference TEXT
    CHECK (reference IS NULL OR reference <> '' AND approve = 1 AND alone = 0 AND confirmed = 1);

-- Since when nobody could be asked about the refund: its gateway is not set up. None while it is.
ALTER TABLE deposit_refunds ADD COLUMN absent_at_us BIGINT;
