"""Accounts and the double entry behind every balance."""
