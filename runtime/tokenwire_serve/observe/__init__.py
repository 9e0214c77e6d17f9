"""What operators see of a server: metrics, traces, the log and its access lines."""
