"""What a network must beat: closed mass estimators, boosted trees, Jeans modeling and rotation curves."""
