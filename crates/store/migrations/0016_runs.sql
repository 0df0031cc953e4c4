-- Hands-free runs: one confirm, many cards, each charged the same amount when it is put down.
CREATE TABLE runs (
    group_id         BIGINT NOT NULL,
    id               BIGINT NOT NULL,
    start_key        TEXT   NOT NULL, -- made for one check page: confirmed twice, it begins one run
    terminal         TEXT   NOT NULL,
    operator_id      BIGINT NOT NULL,
    session          TEXT   NOT NULL, -- SHA-256 as in sessions; its end is the run's
    amount_fen       BIGINT NOT NULL CHECK (amount_fen > 0),
    most_cards       BIGINT NOT NULL CHECK (most_cards > 0),
    most_fen         BIGINT NOT NULL CHECK (most_fen >= amount_fen),
    told             TEXT,            -- what became of the last card, JSON
    told_count       BIGINT NOT NULL, -- how often something was told
    started_at_us    BIGINT NOT NULL,
    active_at_us     BIGINT NOT NULL, -- a card was last charged or refused
    watched_at_us    BIGINT NOT NULL, -- a page of the session was last heard of
    attended_at_us   BIGINT NOT NULL, -- the terminal was last seen connected
    paused_from_us   BIGINT,          -- the last time that no page watched
    paused_until_us  BIGINT,
    ended_at_us      BIGINT,
    ended            TEXT,            -- why
    PRIMARY KEY (group_id, id),
    UNIQUE (start_key, group_id),
    CHECK ((ended_at_us IS NULL) = (ended IS NULL))
);

-- One run a terminal at a time.
CREATE UNIQUE INDEX runs_under_way ON runs (terminal) WHERE ended_at_us IS NULL;

-- The loads of a run are the loads of its intents. The key of an intent names run, card and attempt, and the next attempt
-- is only made once the one before has failed: a run charges a card once.
ALTER TABLE intents ADD COLUMN run_id BIGINT;
CREATE INDEX intents_of_run ON intents (group_id, run_id, card_number) WHERE run_id IS NOT NULL;
