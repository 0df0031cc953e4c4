-- Files of records that are made in the background. They are kept here and not in a folder: whichever server process
-- makes one, every other can hand it out.
CREATE TABLE exports (
    group_id     BIGINT NOT NULL, -- 0 for the card company itself
    id           BIGINT NOT NULL,
    -- Who asked for it; nobody else sees it.
    operator_id  BIGINT,
    staff_id     BIGINT,
    made_by      TEXT   NOT NULL, -- login and name as they were then
    format       TEXT   NOT NULL CHECK (format IN ('xlsx', 'csv')),
    language     TEXT   NOT NULL,
    filter       TEXT   NOT NULL, -- JSON
    state        TEXT   NOT NULL CHECK (state IN ('making', 'ready', 'failed', 'cancelled')),
    lines        BIGINT NOT NULL, -- that there were when it was asked for
    done         BIGINT NOT NULL DEFAULT 0,
    bytes        BIGINT NOT NULL DEFAULT 0,
    -- Who makes it now, and when it last said so: another takes it over when it falls silent.
    maker        TEXT,
    asked_at_us  BIGINT NOT NULL,
    beat_at_us   BIGINT NOT NULL,
    ended_at_us  BIGINT,
    PRIMARY KEY (group_id, id),
    CHECK ((operator_id IS NULL) <> (staff_id IS NULL))
);
CREATE INDEX exports_by_age ON exports (asked_at_us);

CREATE TABLE export_parts (
    group_id  BIGINT NOT NULL,
    export_id BIGINT NOT NULL,
    number    BIGINT NOT NULL, -- 0, 1, 2, …
    bytes     BYTEA  NOT NULL,
    PRIMARY KEY (group_id, export_id, number)
);
