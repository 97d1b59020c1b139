"""Clouds: what they have, what they can do, how a plugin brings one, and the stage types that are written once for all of them."""
