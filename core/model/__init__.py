"""What a pipeline and its execution are: immutable values, no I/O, no clock."""
