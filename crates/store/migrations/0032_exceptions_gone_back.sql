-- What does not fit, made anew: the bank may give back by itself what was booked, and where money is said to have moved
-- outside of this system, the number is kept under which the bank knows of it.
ALTER TABLE deposit_exceptions RENAME TO deposit_exceptions_before;

CREATE TABLE deposit_exceptions (
    id           BIGINT NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL CHECK (kind IN ('late', 'wrong_amount', 'unknown_order', 'duplicate_serial',
                                                 'contradiction', 'returned_late', 'gone_back', 'refund_failed',
                                                 'refund_contradiction')),
    group_id     BIGINT, -- none: it belongs to no group that is known
    deposit_id   BIGINT,
    gateway      TEXT   NOT NULL,
    order_id     TEXT   NOT NULL,
    serial       TEXT   NOT NULL, -- empty if the gateway gave none
    time         BIGINT NOT NULL DEFAULT 0, -- how often the same had come and was closed before
    amount_fen   BIGINT NOT NULL,
    booked       BIGINT NOT NULL CHECK (booked IN (0, 1)),
    evidence     TEXT   NOT NULL, -- JSON
    opened_at_us BIGINT NOT NULL,
    -- What one person holds right, where another has to say the same.
    proposed_by      BIGINT,
    proposed_name    TEXT,
    proposed_outcome TEXT CHECK (proposed_outcome IN ('credited', 'refund', 'returned_otherwise', 'nothing')),
    proposed_reason  TEXT CHECK (proposed_reason <> ''),
    proposed_at_us   BIGINT,
    closed_at_us BIGINT,
    closed_by    BIGINT,
    closed_name  TEXT,
    close_reason TEXT CHECK (close_reason <> ''),
    outcome      TEXT CHECK (outcome IN ('credited', 'refund', 'returned_otherwise', 'nothing')),
    -- Under which the bank knows of money that is said to have moved outside of this system; as proposed, or as closed.
    reference    TEXT CHECK (reference <> ''),
    limit_fen    BIGINT, -- above which two people close it, as it was then
    -- The same trouble is one exception, however often it is told; what truly came anew after it was closed is another.
    UNIQUE (kind, gateway, order_id, serial, time),
    CHECK ((group_id IS NULL) = (deposit_id IS NULL)),
    CHECK (booked = 0 OR group_id IS NOT NULL),
    CHECK ((closed_at_us IS NULL) = (outcome IS NULL) AND (closed_at_us IS NULL) = (close_reason IS NULL)),
    CHECK (closed_at_us IS NULL OR closed_by IS NOT NULL AND limit_fen IS NOT NULL
           AND (amount_fen <= limit_fen OR proposed_by IS NOT NULL AND proposed_by <> closed_by))
);

INSERT INTO deposit_exceptions (id, kind, group_id, deposit_id, gateway, order_id, serial, amount_fen, booked, evidence,
    opened_at_us, proposed_by, proposed_name, proposed_outcome, proposed_reason, proposed_at_us, closed_at_us, closed_by,
    closed_name, close_reason, outcome, limit_fen)
SELECT id, kind, group_id, deposit_id, gateway, order_id, serial, amount_fen, booked, evidence, opened_at_us, proposed_by,
    proposed_name, proposed_outcome, proposed_reason, proposed_at_us, closed_at_us, closed_by, closed_name, close_reason,
    outcome, limit_fen
FROM deposit_exceptions_before;

DROP TABLE deposit_exceptions_before;

CREATE INDEX deposit_exceptions_open ON deposit_exceptions (opened_at_us) WHERE closed_at_us IS NULL;
CREATE INDEX deposit_exceptions_of ON deposit_exceptions (group_id, deposit_id);
CREATE INDEX deposit_exceptions_closed ON deposit_exceptions (closed_at_us, id) WHERE closed_at_us IS NOT NULL;
