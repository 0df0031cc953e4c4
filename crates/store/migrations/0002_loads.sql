-- Loads, with all the evidence that a dispute will need. No foreign keys: this is the busiest table, and its group, card
-- and terminal were looked at a moment before the row is written and are never deleted.
CREATE TABLE loads (
    group_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    -- The key the clerk's page made for this one confirmation.
    intent TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('authorised', 'succeeded', 'failed', 'unknown')),
    -- Why it failed or is unknown.
    reason TEXT,
    operator_id BIGINT NOT NULL,
    terminal TEXT NOT NULL,
    reader TEXT NOT NULL,
    card_number TEXT NOT NULL,
    card_class TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    -- On the card.
    balance_before_fen BIGINT,
    balance_after_fen BIGINT,
    -- Of the group.
    quota_before_fen BIGINT,
    quota_after_fen BIGINT,
    -- What the card said to INITIALIZE FOR LOAD, what we answered, and what it said to CREDIT FOR LOAD. Bytes in hex.
    balance_field BIGINT, -- all 32 bits as the card sent them, since MAC1 covers them
    counter BIGINT,
    random TEXT,
    key_version BIGINT,
    algorithm BIGINT,
    mac1 TEXT,
    mac2 TEXT,
    host_time TEXT,
    tac TEXT,
    -- Every answer of the card, as JSON.
    answers TEXT,
    created_at_us BIGINT NOT NULL,
    authorised_at_us BIGINT,
    decided_at_us BIGINT,
    PRIMARY KEY (group_id, id),
    -- The intent first: were it the group first, PostgreSQL could take this index for a look-up by group and id, and does
    -- while the table is small; a prepared statement would then go on to read the whole group for every load.
    UNIQUE (intent, group_id)
);

-- The loads whose money is held: by card, when the card comes back, and all of them, when a server starts. A group holds
-- money for at most one load of a card: two with the same counter could not be told apart by the card's proof.
CREATE UNIQUE INDEX loads_open ON loads (card_number, group_id) WHERE state IN ('authorised', 'unknown');
