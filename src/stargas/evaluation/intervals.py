"""Levels at which posteriors are summarized: the median and the central 68 % and 95 % intervals."""

CENTRAL_INTERVALS = (0.68, 0.95)
"""Probability inside each central interval."""

QUANTILE_LEVELS = (0.025, 0.16, 0.5, 0.84, 0.975)
"""Edges of the central 95 % and 68 % intervals around the median."""

MEDIAN = QUANTILE_LEVELS.index(0.5)
"""Index of the median in `QUANTILE_LEVELS`."""
