-- Groups and their operators. Small tables: they grow with customers, not with loads.
CREATE TABLE groups (
    id            BIGINT NOT NULL PRIMARY KEY,
    name          TEXT   NOT NULL,
    created_at_us BIGINT NOT NULL
);

CREATE TABLE operators (
    id            BIGINT NOT NULL PRIMARY KEY,
    group_id      BIGINT NOT NULL REFERENCES groups (id),
    login         TEXT   NOT NULL UNIQUE, -- in lower case
    name          TEXT   NOT NULL,
    role          TEXT   NOT NULL CHECK (role IN ('clerk', 'manager')),
    password_hash TEXT   NOT NULL, -- Argon2id, PHC string
    active        BIGINT NOT NULL CHECK (active IN (0, 1)),
    created_at_us BIGINT NOT NULL
);

CREATE TABLE sessions (
    id            TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's value, so a copy of the table opens no session
    operator_id   BIGINT, -- none before sign-in
    data          TEXT   NOT NULL,
    expires_at_us BIGINT NOT NULL
);
CREATE INDEX sessions_of_operator ON sessions (operator_id);
CREATE INDEX sessions_expiry ON sessions (expires_at_us);
