-- How many loads ended in each state, and their sum: kept in the commit that ends a load, so that the totals of half a
-- year do not read half a year's loads. A load counts by the day in Beijing of its confirm, which its id tells, and by
-- the state that its row has: a correction changes neither. Loads that are open are not counted here; they are few, and
-- the index of open loads has them.
CREATE TABLE load_totals (
    group_id    BIGINT NOT NULL,
    -- Of a month and of a day for the whole group, and of a day for one operator at one terminal.
    grain       TEXT   NOT NULL CHECK (grain IN ('month', 'day', 'place')),
    first_day   BIGINT NOT NULL, -- days since 1970-01-01
    state       TEXT   NOT NULL CHECK (state IN ('succeeded', 'failed')),
    operator_id BIGINT NOT NULL, -- 0 for the whole group
    terminal    TEXT   NOT NULL, -- '' for the whole group
    loads       BIGINT NOT NULL CHECK (loads > 0),
    sum_fen     BIGINT NOT NULL CHECK (sum_fen >= 0),
    PRIMARY KEY (group_id, grain, first_day, state, operator_id, terminal)
);

-- The loads that ended before there were totals. The first day of a month is counted from the day's number: the years are
-- taken to begin in March, so that the leap day is the last of its year.
WITH ended AS (
    SELECT group_id, (id / 4096 + 28800000000) / 86400000000 AS day, state, operator_id, terminal, amount_fen
    FROM loads WHERE state IN ('succeeded', 'failed')),
eras AS (SELECT DISTINCT day, (day + 719468) / 146097 AS era, (day + 719468) % 146097 AS of_era FROM ended),
years AS (SELECT day, of_era, (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365 AS year FROM eras),
days AS (SELECT day, of_era - (365 * year + year / 4 - year / 100) AS of_year FROM years),
months AS (SELECT day, day - of_year + (153 * ((5 * of_year + 2) / 153) + 2) / 5 AS first_day FROM days)
INSERT INTO load_totals (group_id, grain, first_day, state, operator_id, terminal, loads, sum_fen)
SELECT group_id, 'place', day, state, operator_id, terminal, COUNT(*), CAST(SUM(amount_fen) AS BIGINT)
FROM ended GROUP BY group_id, day, state, operator_id, terminal
UNION ALL SELECT group_id, 'day', day, state, 0, '', COUNT(*), CAST(SUM(amount_fen) AS BIGINT)
FROM ended GROUP BY group_id, day, state
UNION ALL SELECT group_id, 'month', first_day, state, 0, '', COUNT(*), CAST(SUM(amount_fen) AS BIGINT)
FROM ended JOIN months ON months.day = ended.day GROUP BY group_id, first_day, state;

-- Of all groups, newest first; and of one card.
CREATE INDEX loads_in_time ON loads (id, group_id);
CREATE INDEX loads_of_card ON loads (card_number, id);
