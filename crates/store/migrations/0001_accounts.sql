-- The ledger. One row of accounts a group, so that a posting locks one row, a group's movements have one order, and the
-- database itself can see that the group's balances add up to nothing.
CREATE TABLE accounts (
    group_id BIGINT PRIMARY KEY,
    -- The outside world: it goes negative as money comes in. Every other account holds money and never goes below zero.
    bank_fen BIGINT NOT NULL DEFAULT 0,
    deposits_in_review_fen BIGINT NOT NULL DEFAULT 0 CHECK (deposits_in_review_fen >= 0),
    quota_fen BIGINT NOT NULL DEFAULT 0 CHECK (quota_fen >= 0),
    held_fen BIGINT NOT NULL DEFAULT 0 CHECK (held_fen >= 0),
    on_cards_fen BIGINT NOT NULL DEFAULT 0 CHECK (on_cards_fen >= 0),
    refunds_due_fen BIGINT NOT NULL DEFAULT 0 CHECK (refunds_due_fen >= 0),
    -- How many movements there are in the journal, which is also the number of the last.
    movements BIGINT NOT NULL DEFAULT 0 CHECK (movements >= 0),
    CHECK (bank_fen + deposits_in_review_fen + quota_fen + held_fen + on_cards_fen + refunds_due_fen = 0)
);

-- The journal: append-only, which the store enforces. No foreign key to accounts: a movement is only ever written by a
-- posting that holds the lock on its group's accounts, and the key would be looked up again for every row.
CREATE TABLE movements (
    group_id BIGINT NOT NULL,
    -- 1, 2, 3, … within the group, without a gap.
    id BIGINT NOT NULL,
    from_kind TEXT NOT NULL,
    to_kind TEXT NOT NULL,
    amount_fen BIGINT NOT NULL CHECK (amount_fen > 0),
    from_after_fen BIGINT NOT NULL,
    to_after_fen BIGINT NOT NULL,
    reason TEXT NOT NULL,
    -- The load or the deposit it is about.
    subject BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (group_id, id),
    CHECK (from_kind <> to_kind)
);
