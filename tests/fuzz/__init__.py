"""Fuzzers: each target takes bytes and raises only where something is wrong with the program."""
