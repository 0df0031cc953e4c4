-- Above the issuer's limit two people close a difference; and where money is said to have moved outside of this system, the
-- number is kept under which the bank knows of it.
ALTER TABLE differences ADD COLUMN proposed_id BIGINT; -- who, where another has to say so too
ALTER TABLE differences ADD COLUMN proposed_by TEXT;
ALTER TABLE differences ADD COLUMN proposed_why TEXT CHECK (proposed_why <> '');
ALTER TABLE differences ADD COLUMN proposed_at_us BIGINT;
ALTER TABLE differences ADD COLUMN reference TEXT CHECK (reference <> '');
ALTER TABLE differences ADD COLUMN limit_fen BIGINT; -- above which two people close it, as it was then
ALTER TABLE differences ADD COLUMN closed_id BIGINT CHECK (closed_id IS NULL OR limit_fen IS NOT NULL
    AND (COALESCE(ABS(theirs_fen), 0) <= limit_fen AND COALESCE(ABS(ours_fen), 0) <= limit_fen
         OR proposed_id IS NOT NULL AND proposed_id <> closed_id));
