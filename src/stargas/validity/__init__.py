"""Tell whether a galaxy is like those that a model learned from."""
