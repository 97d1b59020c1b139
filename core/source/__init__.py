"""Definitions that are kept as files: read with their lines, compared with what is stored, saved where they differ."""
