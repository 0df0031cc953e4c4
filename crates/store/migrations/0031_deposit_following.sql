-- What the background job looks for every two seconds: deposits that nobody was sent for, by when they expire.
CREATE INDEX deposits_unsent ON deposits (expires_at_us) WHERE state = 'created';
-- An invoice by its own number, and by the number of its deposit, whichever group it is of.
CREATE INDEX invoices_by_id ON invoices (id);
CREATE INDEX invoices_of_order ON invoices (order_id);
