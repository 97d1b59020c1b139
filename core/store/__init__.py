"""Everything durable, in SQL: the log, its projections, leases, commands, definitions."""
