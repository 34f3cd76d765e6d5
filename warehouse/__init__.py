"""Where tables live and what a table is. Knows nothing of schedules or of what may be published."""
