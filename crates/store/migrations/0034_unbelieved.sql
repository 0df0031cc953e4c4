-- Notifications that nobody believes, oldest first: they are kept for a while, and no more than so many.
CREATE INDEX notifications_unbelieved ON notifications (id) WHERE verdict IN ('malformed', 'not_genuine', 'not_ours');
