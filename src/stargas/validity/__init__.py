"""Comparison of a galaxy with those that a model learned from."""
