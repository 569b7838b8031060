"""What people of the bank type."""
