-- How many deposits stand in each state, and their sum: kept in the commit of each step, so that the totals of half a year
-- do not read half a year's deposits. A deposit counts by the day in Beijing of its confirm, which its id tells, and for
-- what was paid; while nothing was, for what was to be. A step takes it out of one row and puts it into another, so a row
-- may come to nothing.
CREATE TABLE deposit_totals (
    group_id    BIGINT NOT NULL,
    -- Of a month and of a day for the whole group, and of a day for one operator.
    grain       TEXT   NOT NULL CHECK (grain IN ('month', 'day', 'operator')),
    first_day   BIGINT NOT NULL, -- days since 1970-01-01
    state       TEXT   NOT NULL,
    operator_id BIGINT NOT NULL, -- 0 for the whole group
    deposits    BIGINT NOT NULL,
    sum_fen     BIGINT NOT NULL,
    PRIMARY KEY (group_id, grain, first_day, state, operator_id)
);

-- The deposits from before there were totals. The first day of a month is counted from the day's number: the years are
-- taken to begin in March, so that the leap day is the last of its year.
WITH told AS (
    SELECT group_id, (id / 4096 + 28800000000) / 86400000000 AS day, state, operator_id,
    COALESCE(paid_fen, amount_fen) AS fen FROM deposits),
eras AS (SELECT DISTINCT day, (day + 719468) / 146097 AS era, (day + 719468) % 146097 AS of_era FROM told),
years AS (SELECT day, of_era, (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365 AS year FROM eras),
days AS (SELECT day, of_era - (365 * year + year / 4 - year / 100) AS of_year FROM years),
months AS (SELECT day, day - of_year + (153 * ((5 * of_year + 2) / 153) + 2) / 5 AS first_day FROM days)
INSERT INTO deposit_totals (group_id, grain, first_day, state, operator_id, deposits, sum_fen)
SELECT group_id, 'operator', day, state, operator_id, COUNT(*), CAST(SUM(fen) AS BIGINT)
FROM told GROUP BY group_id, day, state, operator_id
UNION ALL SELECT group_id, 'day', day, state, 0, COUNT(*), CAST(SUM(fen) AS BIGINT)
FROM told GROUP BY group_id, day, state
UNION ALL SELECT group_id, 'month', first_day, state, 0, COUNT(*), CAST(SUM(fen) AS BIGINT)
FROM told JOIN months ON months.day = told.day GROUP BY group_id, first_day, state;

-- Of all groups, newest first; said in a way that only who looks at all groups uses it.
CREATE INDEX deposits_of_all ON deposits ((id + 0), group_id);
