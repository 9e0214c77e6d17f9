"""HTTP routes whose JSON is not simply that of a message."""
