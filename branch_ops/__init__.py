"""The bank's side: the staff window."""
