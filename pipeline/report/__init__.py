"""Pages for people, each one file with nothing to load from elsewhere."""
