-- Terminals, the one-time codes that enrol them, and what pages see of them now.
CREATE TABLE terminals (
    number        TEXT   NOT NULL PRIMARY KEY, -- 12 hexadecimal digits, lower case
    group_id      BIGINT NOT NULL REFERENCES groups (id),
    name          TEXT   NOT NULL,
    public_key    TEXT,   -- Ed25519, hexadecimal; none until enrolled
    revoked       BIGINT NOT NULL CHECK (revoked IN (0, 1)),
    created_at_us BIGINT NOT NULL
);
CREATE INDEX terminals_of_group ON terminals (group_id);

CREATE TABLE enrol_codes (
    code_hash     TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of the code
    terminal      TEXT   NOT NULL REFERENCES terminals (number),
    expires_at_us BIGINT NOT NULL,
    used_at_us    BIGINT
);

-- One row a terminal, written by the process that holds its connection.
CREATE TABLE terminal_live (
    terminal   TEXT   NOT NULL PRIMARY KEY REFERENCES terminals (number),
    connection TEXT   NOT NULL, -- the newest connection wins; an older one finds itself replaced
    readers    TEXT   NOT NULL, -- JSON
    phase      TEXT   NOT NULL, -- JSON
    seen_at_us BIGINT NOT NULL
);
