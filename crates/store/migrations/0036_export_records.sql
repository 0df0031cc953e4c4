-- Which records an export is of; and what a sweep looks for, exports that nobody makes any more.
ALTER TABLE exports ADD COLUMN records TEXT NOT NULL DEFAULT 'loads' CHECK (records IN ('loads', 'deposits'));
CREATE INDEX exports_making ON exports (beat_at_us) WHERE state = 'making';
