"""What is so? Orders, limits, payees and accounts as the actor may see them."""
