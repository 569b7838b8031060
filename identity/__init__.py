"""Who people are and what they were granted."""
