-- How each terminal is, as it said last: when it was let in, when it was asked, when something with its readers changed.
CREATE TABLE terminal_health (
    terminal       TEXT   NOT NULL PRIMARY KEY REFERENCES terminals (number),
    connection     TEXT   NOT NULL, -- that of terminal_live which it was said on; empty if it was refused
    program        TEXT   NOT NULL, -- the program and its version
    version        BIGINT NOT NULL, -- of the link's messages; a terminal of another version is refused
    platform       TEXT,            -- this and the rest: none until it was said on this connection
    readers        TEXT,            -- how it stands with its readers
    clock_ms       BIGINT,          -- its clock ahead of ours
    unacknowledged BIGINT,          -- results of loads it still owes us
    trip_us        BIGINT,          -- there and back over the link
    told_at_us     BIGINT NOT NULL
);
