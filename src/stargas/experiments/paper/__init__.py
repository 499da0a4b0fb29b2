"""The experiments of §4 of Expósito-Márquez et al. (2026) on the mock suites, and what follows from their results."""
