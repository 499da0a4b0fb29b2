"""What an observer has, read from files: star catalogues, HI cubes and HI moment maps."""
