"""Serving benchmarks: tokenwire's server beside others, driven by h2load."""
