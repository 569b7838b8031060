"""The customer's side: signing in, first use, own pages."""
