-- Card classes are data: staff can change what may be charged.
CREATE TABLE card_classes (
    code        TEXT   NOT NULL PRIMARY KEY, -- the class byte of file 15, two hexadecimal digits
    name_zh     TEXT   NOT NULL,
    name_en     TEXT   NOT NULL,
    least_fen   BIGINT NOT NULL CHECK (least_fen > 0),
    step_fen    BIGINT NOT NULL CHECK (step_fen > 0),
    most_fen    BIGINT NOT NULL CHECK (most_fen >= least_fen), -- in one load
    ceiling_fen BIGINT NOT NULL CHECK (ceiling_fen > 0),       -- on the card after it
    presets_fen TEXT   NOT NULL, -- JSON
    key_index   BIGINT NOT NULL CHECK (key_index BETWEEN 0 AND 255),
    pin         TEXT, -- decimal digits; none where a load needs no PIN
    active      BIGINT NOT NULL CHECK (active IN (0, 1))
);

CREATE TABLE blocked_cards (
    card_number   TEXT   NOT NULL PRIMARY KEY,
    reason        TEXT   NOT NULL,
    created_at_us BIGINT NOT NULL
);
