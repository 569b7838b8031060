"""What happened, in a log that cannot be rewritten."""
