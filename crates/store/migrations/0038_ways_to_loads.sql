-- Filters that find few loads among many: by operator, by terminal, what failed, and the last digits of a card. What is
-- open is not in the first four: a load then enters them once, when it ends, and not a second time with every change.
CREATE INDEX loads_of_operator ON loads (operator_id, id) WHERE state IN ('succeeded', 'failed');
CREATE INDEX loads_of_terminal ON loads (terminal, id) WHERE state IN ('succeeded', 'failed');
CREATE INDEX loads_failed ON loads (group_id, id) WHERE state = 'failed';
CREATE INDEX loads_failed_of_all ON loads (id, group_id) WHERE state = 'failed';

-- Of a card, by its last four digits: that serves who knows only these, and, since so few cards share them, who knows the
-- whole number. The group and the whole number are in it, so that no row of another group or card is read.
DROP INDEX loads_of_card;
CREATE INDEX loads_of_card_end ON loads (substr(card_number, length(card_number) - 3), id, group_id, card_number);

-- The days of an operator and of a terminal, of whichever group. Rows of totals are added to, which changes no column of
-- these.
CREATE INDEX load_totals_of_operator ON load_totals (operator_id, first_day) WHERE grain = 'place';
CREATE INDEX load_totals_of_terminal ON load_totals (terminal, first_day) WHERE grain = 'place';
