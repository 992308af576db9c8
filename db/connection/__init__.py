"""Which database to open, how to behave on it, and what to say when it refuses."""
