"""What an observer sees: projections, star maps, HI moment maps."""
