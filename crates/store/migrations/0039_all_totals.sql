-- The totals of all groups together, kept in the same commit as those of each group, so that staff's totals do not read
-- every group's. Were it one row for all, every load of the city would wait for it; so it is in parts, of which each worker
-- that writes loads has one.
CREATE TABLE all_totals (
    grain     TEXT   NOT NULL CHECK (grain IN ('month', 'day')),
    first_day BIGINT NOT NULL, -- as in load_totals
    state     TEXT   NOT NULL CHECK (state IN ('succeeded', 'failed')),
    part      BIGINT NOT NULL,
    loads     BIGINT NOT NULL CHECK (loads > 0),
    sum_fen   BIGINT NOT NULL CHECK (sum_fen >= 0),
    PRIMARY KEY (grain, first_day, state, part)
);
INSERT INTO all_totals (grain, first_day, state, part, loads, sum_fen)
SELECT grain, first_day, state, 0, CAST(SUM(loads) AS BIGINT), CAST(SUM(sum_fen) AS BIGINT)
FROM load_totals WHERE grain IN ('month', 'day') GROUP BY grain, first_day, state;
