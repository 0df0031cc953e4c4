-- The office: the card company's own people, what they did, and what must be looked at.
CREATE TABLE staff (
    id            BIGINT NOT NULL PRIMARY KEY,
    login         TEXT   NOT NULL UNIQUE, -- in lower case
    name          TEXT   NOT NULL,
    role          TEXT   NOT NULL CHECK (role IN ('teller', 'finance', 'admin', 'auditor')),
    password_hash TEXT   NOT NULL, -- Argon2id, PHC string
    active        BIGINT NOT NULL CHECK (active IN (0, 1)),
    created_at_us BIGINT NOT NULL
);

-- A session belongs to an operator or to a member of staff, never to both.
ALTER TABLE sessions ADD COLUMN staff_id BIGINT;
CREATE INDEX sessions_of_staff ON sessions (staff_id);

-- Who did what, when and from where: append-only, which the store enforces.
CREATE TABLE audit (
    group_id BIGINT NOT NULL, -- whom it concerns; 0 for the card company itself
    id       BIGINT NOT NULL, -- grows with time
    at_us    BIGINT NOT NULL,
    staff_id BIGINT,          -- none for the system and the command line
    actor    TEXT   NOT NULL, -- login and name as they were then
    origin   TEXT   NOT NULL, -- the address, or what else it came by
    action   TEXT   NOT NULL,
    subject  TEXT   NOT NULL, -- for example terminal/000001000050
    details  TEXT   NOT NULL, -- JSON
    PRIMARY KEY (group_id, id)
);
CREATE INDEX audit_of_subject ON audit (subject, id);

-- What a person has to look at. One that comes again while it is open is counted, not raised twice.
CREATE TABLE alarms (
    group_id     BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    kind         TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    details      TEXT   NOT NULL, -- JSON
    raised_at_us BIGINT NOT NULL,
    times        BIGINT NOT NULL DEFAULT 1,
    last_at_us   BIGINT NOT NULL,
    closed_at_us BIGINT,
    closed_by    TEXT, -- login and name as they were then
    closed_why   TEXT,
    PRIMARY KEY (group_id, id)
);
CREATE UNIQUE INDEX alarms_open ON alarms (subject, kind, group_id) WHERE closed_at_us IS NULL;

ALTER TABLE terminals ADD COLUMN enrolled_at_us BIGINT;
ALTER TABLE terminals ADD COLUMN revoked_at_us BIGINT;
ALTER TABLE terminals ADD COLUMN revoked_why TEXT;

-- When the connection ended; none while it stands.
ALTER TABLE terminal_live ADD COLUMN left_at_us BIGINT;

-- The starts of a terminal's program under its present key, in order. One that comes back after another followed it
-- means that two programs hold the key.
CREATE TABLE terminal_boots (
    terminal    TEXT   NOT NULL REFERENCES terminals (number),
    boot        TEXT   NOT NULL,
    place       BIGINT NOT NULL, -- 1, 2, 3 …; the highest is the one in use
    first_at_us BIGINT NOT NULL,
    PRIMARY KEY (terminal, boot)
);
CREATE UNIQUE INDEX terminal_boots_in_order ON terminal_boots (terminal, place);
