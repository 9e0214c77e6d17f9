"""Attacks on a whole server, with another client beside them: `python -m benchmarks.attacks`."""
