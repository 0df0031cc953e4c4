-- How a load in doubt is settled: by its card, asked when it comes back; by two people, when no proof settles it; and what
-- is done when a proof comes after all and says otherwise.

-- Every time a card was asked what became of a load. The row is there before the card is asked, so that a late answer is
-- taken only for what was asked; it is completed when the answers are there.
CREATE TABLE proofs (
    group_id     BIGINT NOT NULL,
    load_id      BIGINT NOT NULL,
    script       TEXT   NOT NULL, -- which asked; one script may ask about several loads of a card
    terminal     TEXT   NOT NULL,
    balance_fen  BIGINT NOT NULL, -- on the card just before, as it says itself: a hint, nothing proves it
    asked        TEXT   NOT NULL, -- the commands of the script, as JSON; a PIN is left out
    asked_at_us  BIGINT NOT NULL,
    finding      TEXT CHECK (finding IN ('written', 'not_written', 'moved_on', 'refused', 'forged', 'no_tac', 'unexamined')),
    counter      BIGINT, -- that the card gave to the probe, if MAC1 was genuine
    prove        TEXT,   -- how the script ended that asked for the TAC, as JSON
    probe        TEXT,   -- how the probe ended, as JSON
    found_at_us  BIGINT,
    PRIMARY KEY (group_id, load_id, script)
);
CREATE INDEX proofs_by_script ON proofs (script);

-- What one member of staff holds to be so of a load that no proof settles, and what another says to that. Append-only,
-- both: what was said stays.
CREATE TABLE reviews (
    group_id       BIGINT NOT NULL,
    load_id        BIGINT NOT NULL,
    number         BIGINT NOT NULL, -- 1, 2, 3: after one is declined another may be proposed
    written        BIGINT NOT NULL CHECK (written IN (0, 1)),
    proposed_by    BIGINT NOT NULL,
    reason         TEXT   NOT NULL CHECK (reason <> ''),
    proposed_at_us BIGINT NOT NULL,
    PRIMARY KEY (group_id, load_id, number),
    UNIQUE (group_id, load_id, number, written, proposed_by)
);

CREATE TABLE review_answers (
    group_id       BIGINT NOT NULL,
    load_id        BIGINT NOT NULL,
    number         BIGINT NOT NULL,
    -- As proposed, so that the database itself sees that two people decide.
    written        BIGINT NOT NULL,
    proposed_by    BIGINT NOT NULL,
    confirmed      BIGINT NOT NULL CHECK (confirmed IN (0, 1)),
    card_number    TEXT   NOT NULL,
    answered_by    BIGINT NOT NULL CHECK (answered_by <> proposed_by),
    reason         TEXT   NOT NULL CHECK (reason <> ''),
    answered_at_us BIGINT NOT NULL,
    PRIMARY KEY (group_id, load_id, number),
    FOREIGN KEY (group_id, load_id, number, written, proposed_by)
        REFERENCES reviews (group_id, load_id, number, written, proposed_by)
);
-- A load is decided once, and a card that comes back is asked about what was decided of it.
CREATE UNIQUE INDEX review_decisions ON review_answers (group_id, load_id) WHERE confirmed = 1;
CREATE INDEX reviewed_cards ON review_answers (card_number) WHERE confirmed = 1;

-- What holds of a load after a proof came that contradicts how it had ended. The load's row stays as it is; its money is
-- put right by one more movement. Each is raised as an alarm too.
CREATE TABLE corrections (
    group_id       BIGINT NOT NULL,
    load_id        BIGINT NOT NULL,
    written        BIGINT NOT NULL CHECK (written IN (0, 1)), -- what is proven now
    contradicts    TEXT   NOT NULL, -- the reason for which the load had ended, or its state
    amount_fen     BIGINT NOT NULL CHECK (amount_fen > 0),
    evidence       TEXT   NOT NULL, -- the proof, as JSON
    raised_at_us   BIGINT NOT NULL,
    movement       BIGINT, -- its number in the group's journal; none while the quota does not reach
    posted_at_us   BIGINT,
    PRIMARY KEY (group_id, load_id, written),
    -- What goes back to the quota can always be posted.
    CHECK (written = 1 OR movement IS NOT NULL)
);
CREATE INDEX corrections_owed ON corrections (raised_at_us) WHERE movement IS NULL;
