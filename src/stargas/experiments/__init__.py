"""Whole experiments: everything that is missing is built, trained, judged and collected."""
