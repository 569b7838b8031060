"""What people are told: finished messages and their delivery."""
