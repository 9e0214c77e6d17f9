"""Benchmarks of the generator."""
