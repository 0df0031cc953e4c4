-- Where each start of a terminal's program was first seen from: for whoever has to tell a clone from the original.
ALTER TABLE terminal_boots ADD COLUMN address TEXT NOT NULL DEFAULT '';
