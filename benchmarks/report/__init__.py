"""What the benchmarks found, as a table and a chart."""
