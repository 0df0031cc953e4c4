-- Deposits: money that a group pays in through a gateway, what two people decide of it, and what does not fit.

-- One row a confirm. Only the columns that say where it stands are ever changed; how it got there is in deposit_events.
CREATE TABLE deposits (
    group_id         BIGINT NOT NULL,
    id               BIGINT NOT NULL,
    order_id         TEXT   NOT NULL UNIQUE, -- the number that people read and that the gateway is given
    intent           TEXT   NOT NULL,        -- made for one check page: confirmed twice, it is one deposit
    state            TEXT   NOT NULL CHECK (state IN ('created', 'redirected', 'paid', 'approved', 'rejected',
                                                      'refunding', 'refunded', 'failed', 'expired')),
    operator_id      BIGINT NOT NULL,
    amount_fen       BIGINT NOT NULL CHECK (amount_fen > 0),
    remark           TEXT   NOT NULL,
    payer            TEXT   NOT NULL CHECK (payer IN ('person', 'company')),
    gateway          TEXT   NOT NULL,
    payer_ip         TEXT,
    created_at_us    BIGINT NOT NULL,
    expires_at_us    BIGINT NOT NULL,
    -- When the payer was first sent. With the order it names the payment at the gateway, to the second.
    redirected_at_us BIGINT,
    -- As the gateway settled it.
    paid_fen         BIGINT CHECK (paid_fen > 0),
    serial           TEXT,
    settle_date      TEXT, -- MMDD
    traced_at        TEXT,
    paid_at_us       BIGINT,
    decided_at_us    BIGINT,
    -- Why it failed, in the gateway's words.
    code             TEXT,
    words            TEXT,
    -- When the gateway is asked next, how often it was since there was news, and until when somebody is asking.
    ask_at_us        BIGINT,
    asked            BIGINT NOT NULL DEFAULT 0,
    asking_until_us  BIGINT,
    PRIMARY KEY (group_id, id),
    UNIQUE (intent, group_id),
    -- Money is there in exactly the states that say so.
    CHECK ((paid_fen IS NOT NULL) = (state IN ('paid', 'approved', 'rejected', 'refunding', 'refunded'))),
    CHECK ((paid_fen IS NULL) = (serial IS NULL)),
    CHECK (state = 'created' OR state = 'expired' OR redirected_at_us IS NOT NULL)
);
CREATE INDEX deposits_to_ask ON deposits (ask_at_us) WHERE ask_at_us IS NOT NULL;
CREATE INDEX deposits_in_review ON deposits (paid_at_us) WHERE state = 'paid';

-- A gateway's serial number pays one deposit.
CREATE TABLE deposit_serials (
    gateway    TEXT   NOT NULL,
    serial     TEXT   NOT NULL,
    group_id   BIGINT NOT NULL,
    deposit_id BIGINT NOT NULL,
    PRIMARY KEY (gateway, serial),
    UNIQUE (group_id, deposit_id)
);

-- The whole story of a deposit: append-only, which the store enforces.
CREATE TABLE deposit_events (
    group_id   BIGINT NOT NULL,
    deposit_id BIGINT NOT NULL,
    number     BIGINT NOT NULL, -- 1, 2, 3 …
    at_us      BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    actor      TEXT   NOT NULL, -- operator, staff, gateway, system
    name       TEXT   NOT NULL, -- of a person, as it was then
    detail     TEXT   NOT NULL, -- JSON
    PRIMARY KEY (group_id, deposit_id, number)
);

-- What gateways sent, as it came, kept before anything is made of it. It belongs to no group until it is read.
CREATE TABLE notifications (
    id              BIGINT NOT NULL PRIMARY KEY,
    gateway         TEXT   NOT NULL,
    method          TEXT   NOT NULL,
    path            TEXT   NOT NULL,
    headers         TEXT   NOT NULL, -- JSON
    body            TEXT   NOT NULL, -- in base 64: it may be anything
    received_at_us  BIGINT NOT NULL,
    -- What came of it; none while it waits to be read.
    verdict         TEXT CHECK (verdict IN ('taken', 'known', 'unknown_order', 'malformed', 'not_genuine', 'not_ours')),
    why             TEXT,
    order_id        TEXT,
    processed_at_us BIGINT
);
CREATE INDEX notifications_waiting ON notifications (received_at_us) WHERE verdict IS NULL;
CREATE INDEX notifications_of_order ON notifications (order_id) WHERE order_id IS NOT NULL;

-- What one member of staff holds right of a paid deposit, and what another says to it; below the issuer's limit the same
-- person's word is enough. Append-only, both.
CREATE TABLE deposit_reviews (
    group_id       BIGINT NOT NULL,
    deposit_id     BIGINT NOT NULL,
    number         BIGINT NOT NULL, -- 1, 2, 3: after one is declined another may be proposed
    approve        BIGINT NOT NULL CHECK (approve IN (0, 1)),
    alone          BIGINT NOT NULL CHECK (alone IN (0, 1)),
    paid_fen       BIGINT NOT NULL,
    limit_fen      BIGINT NOT NULL, -- above which two people decide, as it was then
    proposed_by    BIGINT NOT NULL,
    reason         TEXT   NOT NULL CHECK (reason <> ''),
    proposed_at_us BIGINT NOT NULL,
    PRIMARY KEY (group_id, deposit_id, number),
    UNIQUE (group_id, deposit_id, number, approve, alone, proposed_by),
    CHECK (alone = 0 OR paid_fen <= limit_fen)
);

CREATE TABLE deposit_answers (
    group_id       BIGINT NOT NULL,
    deposit_id     BIGINT NOT NULL,
    number         BIGINT NOT NULL,
    -- As proposed, so that the database itself sees that two people decide where they must.
    approve        BIGINT NOT NULL,
    alone          BIGINT NOT NULL,
    proposed_by    BIGINT NOT NULL,
    confirmed      BIGINT NOT NULL CHECK (confirmed IN (0, 1)),
    answered_by    BIGINT NOT NULL,
    reason         TEXT   NOT NULL CHECK (reason <> ''),
    answered_at_us BIGINT NOT NULL,
    PRIMARY KEY (group_id, deposit_id, number),
    CHECK ((alone = 1) = (answered_by = proposed_by)),
    CHECK (alone = 0 OR confirmed = 1),
    FOREIGN KEY (group_id, deposit_id, number, approve, alone, proposed_by)
        REFERENCES deposit_reviews (group_id, deposit_id, number, approve, alone, proposed_by)
);
-- A deposit is decided once.
CREATE UNIQUE INDEX deposit_decisions ON deposit_answers (group_id, deposit_id) WHERE confirmed = 1;

-- Money to be given back, each under a number of its own that is there before the gateway is asked.
CREATE TABLE deposit_refunds (
    group_id        BIGINT NOT NULL,
    deposit_id      BIGINT NOT NULL,
    number          BIGINT NOT NULL, -- 1, 2, 3: after one failed, people may have it tried again
    order_id        TEXT   NOT NULL UNIQUE,
    amount_fen      BIGINT NOT NULL CHECK (amount_fen > 0),
    state           TEXT   NOT NULL CHECK (state IN ('due', 'accepted', 'refunded', 'failed')),
    serial          TEXT,
    settle_date     TEXT,
    code            TEXT,
    words           TEXT,
    created_at_us   BIGINT NOT NULL,
    accepted_at_us  BIGINT,
    ended_at_us     BIGINT,
    ask_at_us       BIGINT,
    asked           BIGINT NOT NULL DEFAULT 0,
    asking_until_us BIGINT,
    PRIMARY KEY (group_id, deposit_id, number)
);
-- One at a time.
CREATE UNIQUE INDEX deposit_refunds_open ON deposit_refunds (group_id, deposit_id) WHERE state <> 'failed';
CREATE INDEX deposit_refunds_to_ask ON deposit_refunds (ask_at_us) WHERE ask_at_us IS NOT NULL;

-- What does not fit and waits for a person. Money that is not booked is not in the accounts of any group.
CREATE TABLE deposit_exceptions (
    id           BIGINT NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL CHECK (kind IN ('late', 'wrong_amount', 'unknown_order', 'duplicate_serial',
                                                 'contradiction', 'returned_late', 'refund_failed', 'refund_contradiction')),
    group_id     BIGINT, -- none: it belongs to no group that is known
    deposit_id   BIGINT,
    gateway      TEXT   NOT NULL,
    order_id     TEXT   NOT NULL,
    serial       TEXT   NOT NULL, -- empty if the gateway gave none
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
    limit_fen    BIGINT, -- above which two people close it, as it was then
    -- The same trouble is one exception, however often it is told.
    UNIQUE (kind, gateway, order_id, serial),
    CHECK ((group_id IS NULL) = (deposit_id IS NULL)),
    CHECK (booked = 0 OR group_id IS NOT NULL),
    CHECK ((closed_at_us IS NULL) = (outcome IS NULL) AND (closed_at_us IS NULL) = (close_reason IS NULL)),
    CHECK (closed_at_us IS NULL OR closed_by IS NOT NULL AND limit_fen IS NOT NULL
           AND (amount_fen <= limit_fen OR proposed_by IS NOT NULL AND proposed_by <> closed_by))
);
CREATE INDEX deposit_exceptions_open ON deposit_exceptions (opened_at_us) WHERE closed_at_us IS NULL;
CREATE INDEX deposit_exceptions_of ON deposit_exceptions (group_id, deposit_id);
