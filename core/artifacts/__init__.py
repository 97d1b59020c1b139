"""Artifacts: what a pipeline works on, in Spinnaker's JSON; how they are matched, resolved and fetched.

Separate because triggers, stages, templates and clouds all name artifacts, and must mean the same by it.
"""
