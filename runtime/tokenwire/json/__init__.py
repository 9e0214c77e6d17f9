"""The proto3 JSON mapping of messages."""
