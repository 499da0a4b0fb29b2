"""Samples on disk: building, storing, splitting, scaling."""
