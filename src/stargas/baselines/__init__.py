"""What a network must beat: closed mass estimators and boosted trees."""
