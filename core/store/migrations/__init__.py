"""The history of the schema, run by `gennaker.core.store.schema`.

A revision belongs to the branch `expand` (additive, run on start) or `contract` (run by `gennaker database upgrade --finish`), rule 22.
"""

#: The newest revision of `expand`; a start that finds it in the database need not look further.
EXPANDED = "0003"
#: Every revision of `contract` that this release can live with.
CONTRACTED: frozenset[str] = frozenset()
