"""`tokenwire doctor`: looks at a running server as a client does, and says what to fix."""
