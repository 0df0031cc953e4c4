-- Reconciliation: the bank's file of each day, its statements, and where they and our books differ. Nothing in here
-- moves money. It is the card company's own, so no group is in the keys.

-- A file as it came. The same one comes again as itself; another for the same day takes the place of the one before.
CREATE TABLE bank_files (
    id          BIGINT NOT NULL PRIMARY KEY,
    day         TEXT   NOT NULL, -- YYYY-MM-DD, on which all of it settles
    name        TEXT   NOT NULL,
    merchant    TEXT   NOT NULL,
    digest      TEXT   NOT NULL, -- SHA-256 of its bytes
    content     TEXT   NOT NULL, -- in base 64
    came        TEXT   NOT NULL CHECK (came IN ('fetched', 'uploaded')),
    taken_by    TEXT   NOT NULL, -- login and name as they were then
    taken_at_us BIGINT NOT NULL,
    UNIQUE (day, digest)
);

-- Its lines.
CREATE TABLE bank_rows (
    file_id    BIGINT NOT NULL REFERENCES bank_files (id),
    number     BIGINT NOT NULL, -- 1, 2, 3 … within the file
    line       BIGINT NOT NULL,
    what       TEXT   NOT NULL CHECK (what IN ('payment', 'refund', 'other', 'error')),
    code       TEXT   NOT NULL,
    order_id   TEXT,
    serial     TEXT   NOT NULL,
    at         TEXT   NOT NULL, -- MMDDhhmmss
    amount_fen BIGINT NOT NULL,
    fee_fen    BIGINT NOT NULL,
    net_fen    BIGINT NOT NULL,
    PRIMARY KEY (file_id, number)
);
CREATE INDEX bank_rows_of_order ON bank_rows (order_id);

-- What the statement of an account is read by, from a sample that staff gave.
CREATE TABLE bank_accounts (
    id         BIGINT NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    layout     TEXT   NOT NULL, -- JSON
    sample     TEXT   NOT NULL, -- the first lines of a statement, for setting it up again
    kept_by    TEXT   NOT NULL,
    kept_at_us BIGINT NOT NULL
);

CREATE TABLE bank_statements (
    id          BIGINT NOT NULL PRIMARY KEY,
    account_id  BIGINT NOT NULL REFERENCES bank_accounts (id),
    name        TEXT   NOT NULL,
    digest      TEXT   NOT NULL,
    lines       BIGINT NOT NULL,
    fresh       BIGINT NOT NULL, -- how many of them were not known
    from_day    TEXT   NOT NULL,
    until_day   TEXT   NOT NULL,
    taken_by    TEXT   NOT NULL,
    taken_at_us BIGINT NOT NULL,
    UNIQUE (account_id, digest)
);

CREATE TABLE bank_lines (
    id           BIGINT NOT NULL PRIMARY KEY,
    account_id   BIGINT NOT NULL REFERENCES bank_accounts (id),
    statement_id BIGINT NOT NULL REFERENCES bank_statements (id),
    line         BIGINT NOT NULL,
    serial       TEXT   NOT NULL, -- the bank's number; a digest of all it says, where it has none
    day          TEXT   NOT NULL,
    amount_fen   BIGINT NOT NULL, -- positive if it came in
    balance_fen  BIGINT,
    counterparty TEXT   NOT NULL,
    remark       TEXT   NOT NULL,
    settles      BIGINT NOT NULL CHECK (settles IN (0, 1)), -- whether it may settle our payments, by its text
    UNIQUE (account_id, serial)
);
CREATE INDEX bank_lines_of_day ON bank_lines (day) WHERE settles = 1;

-- What is known of a day.
CREATE TABLE bank_days (
    day              TEXT   NOT NULL PRIMARY KEY,
    file_id          BIGINT REFERENCES bank_files (id), -- the file that counts; none while there is none
    net_fen          BIGINT, -- what reaches our account for it
    fee_fen          BIGINT,
    lines            BIGINT NOT NULL DEFAULT 0, -- of the file, and how many of them stand against ours
    matched          BIGINT NOT NULL DEFAULT 0,
    line_id          BIGINT UNIQUE REFERENCES bank_lines (id), -- the line of a statement that is it
    reconciled_at_us BIGINT,
    asked_at_us      BIGINT, -- when the gateway was last asked for the file
    answer           TEXT,   -- why there was none: not-ready, or what went wrong
    CHECK ((file_id IS NULL) = (net_fen IS NULL) AND (file_id IS NULL) = (fee_fen IS NULL)),
    CHECK (line_id IS NULL OR file_id IS NOT NULL)
);

-- What differs. It is open until a later file or our own books resolve it, or a person closes it and says why.
CREATE TABLE differences (
    id             BIGINT NOT NULL PRIMARY KEY,
    day            TEXT   NOT NULL,
    kind           TEXT   NOT NULL,
    subject        TEXT   NOT NULL, -- which line or which of ours
    group_id       BIGINT,
    deposit        TEXT,            -- the order number of the deposit that it is about, if it is ours
    order_id       TEXT,
    serial         TEXT,
    theirs_fen     BIGINT,
    ours_fen       BIGINT,
    found_at_us    BIGINT NOT NULL,
    resolved_at_us BIGINT, -- no longer found
    closed_at_us   BIGINT,
    closed_by      TEXT,
    closed_why     TEXT CHECK (closed_why <> ''),
    CHECK ((closed_at_us IS NULL) = (closed_by IS NULL) AND (closed_at_us IS NULL) = (closed_why IS NULL))
);
CREATE INDEX differences_of_day ON differences (day);
-- The same one is found again as itself.
CREATE UNIQUE INDEX differences_open ON differences (day, kind, subject) WHERE closed_at_us IS NULL;

CREATE INDEX deposits_paid ON deposits (paid_at_us) WHERE paid_at_us IS NOT NULL;
CREATE INDEX deposit_refunds_ended ON deposit_refunds (ended_at_us) WHERE ended_at_us IS NOT NULL;
