-- What clerks confirmed. One confirm is one load: the key is made for one card on one tap and its next load.
CREATE TABLE intents (
    group_id        BIGINT NOT NULL,
    intent          TEXT   NOT NULL,
    terminal        TEXT   NOT NULL,
    operator_id     BIGINT NOT NULL,
    card_number     TEXT   NOT NULL,
    balance_fen     BIGINT NOT NULL, -- on the card, as the clerk saw it
    amount_fen      BIGINT NOT NULL CHECK (amount_fen > 0),
    created_at_us   BIGINT NOT NULL,
    taken_at_us     BIGINT, -- by the process that holds the terminal's connection
    ended_at_us     BIGINT, -- its load is recorded, or it was withdrawn before anyone took it
    PRIMARY KEY (group_id, intent)
);
CREATE INDEX intents_open ON intents (terminal, created_at_us) WHERE ended_at_us IS NULL;
