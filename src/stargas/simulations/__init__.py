"""Where galaxies come from: mock suites, particle tables, simulation snapshots."""
