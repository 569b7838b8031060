"""Does the rule allow it? Pure functions over given facts."""
