"""The program on the customer's own computer: it imports nothing of the bank."""
