"""The service over any engine: the RPCs, their rules and their streams."""
