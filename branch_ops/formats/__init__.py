"""Values of the bank's side as files: letters on paper."""
