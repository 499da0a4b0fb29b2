"""How exact the predictive checks are, what their p-values mean and find, and what fields with edges show."""
