"""Payment orders, their limits and what the customer sees of accounts."""
