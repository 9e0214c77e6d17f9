"""What each step on the way of a token costs."""
