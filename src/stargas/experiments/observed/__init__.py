"""A model on mock galaxies that are written to an observer's files, read back and inferred."""
