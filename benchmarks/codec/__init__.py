"""Benchmarks of the generated codecs."""
