"""How an execution advances: `decide` has all the rules, `apply` folds facts into state. No clock, no I/O, no randomness."""
