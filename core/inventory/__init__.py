"""What the clouds have, kept in SQL: looked at by workers, told on the bus, written by processes with a database."""
