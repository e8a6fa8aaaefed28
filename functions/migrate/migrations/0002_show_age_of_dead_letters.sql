-- The monitor tells how old the oldest dead letter is.
GRANT SELECT (completed_at) ON jobs TO smartqueue_monitor;
