-- What went into and out of each group's quota on each day in Beijing, what may be used and what is held together: written
-- with every posting, so that a statement of half a year does not read half a year's journal. What goes between the two,
-- a hold and its release, is no change and not here.
CREATE TABLE quota_days (
    group_id  BIGINT NOT NULL,
    day       BIGINT NOT NULL, -- days since 1970-01-01, by the time of the movement
    from_kind TEXT   NOT NULL,
    to_kind   TEXT   NOT NULL,
    movements BIGINT NOT NULL CHECK (movements > 0),
    sum_fen   BIGINT NOT NULL CHECK (sum_fen > 0),
    PRIMARY KEY (group_id, day, from_kind, to_kind)
);

-- The journal so far.
INSERT INTO quota_days (group_id, day, from_kind, to_kind, movements, sum_fen)
SELECT group_id, (at_us + 28800000000) / 86400000000, from_kind, to_kind, COUNT(*), CAST(SUM(amount_fen) AS BIGINT)
FROM movements
WHERE (from_kind IN ('quota', 'held')) <> (to_kind IN ('quota', 'held'))
GROUP BY group_id, (at_us + 28800000000) / 86400000000, from_kind, to_kind;
