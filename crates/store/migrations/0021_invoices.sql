-- Invoices (发票) for approved deposits: what the tax system is to issue, and what it issued. Nothing here is an invoice.

-- Who gets a group's invoices.
CREATE TABLE invoice_buyers (
    group_id      BIGINT NOT NULL PRIMARY KEY,
    name          TEXT   NOT NULL CHECK (name <> ''),
    taxpayer      TEXT   NOT NULL, -- 统一社会信用代码, its check character verified
    email         TEXT   NOT NULL,
    changed_by    TEXT   NOT NULL, -- login and name as they were then
    changed_at_us BIGINT NOT NULL
);

CREATE TABLE invoices (
    group_id        BIGINT NOT NULL,
    id              BIGINT NOT NULL,
    deposit_id      BIGINT NOT NULL,
    order_id        TEXT   NOT NULL, -- the deposit's number
    amount_fen      BIGINT NOT NULL CHECK (amount_fen > 0),
    -- The buyer as it was when it was requested.
    buyer           TEXT   NOT NULL CHECK (buyer <> ''),
    taxpayer        TEXT   NOT NULL,
    email           TEXT   NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN ('requested', 'withdrawn', 'issued', 'red_flushed')),
    requested_by    TEXT   NOT NULL,
    requested_at_us BIGINT NOT NULL,
    number          TEXT,   -- 20 digits, from the tax system
    issued_on       TEXT,   -- YYYY-MM-DD
    red_number      TEXT,   -- of the red invoice that reversed it
    red_on          TEXT,
    PRIMARY KEY (group_id, id),
    CHECK ((number IS NOT NULL) = (state IN ('issued', 'red_flushed'))),
    CHECK ((number IS NULL) = (issued_on IS NULL)),
    CHECK ((red_number IS NOT NULL) = (state = 'red_flushed')),
    CHECK ((red_number IS NULL) = (red_on IS NULL))
);
-- A deposit has one live invoice at most.
CREATE UNIQUE INDEX invoices_live ON invoices (group_id, deposit_id) WHERE state IN ('requested', 'issued');
CREATE INDEX invoices_by_state ON invoices (state, id);

-- Every number that the tax system gave, blue or red, is written down once.
CREATE TABLE invoice_numbers (
    number     TEXT   NOT NULL PRIMARY KEY,
    group_id   BIGINT NOT NULL,
    invoice_id BIGINT NOT NULL
);
