"""Behaviour of google.protobuf's well-known types."""
