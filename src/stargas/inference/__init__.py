"""From an observer's data and a trained model to a mass profile whose errors carry those of the inputs."""
