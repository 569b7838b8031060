"""Plain Python that every room may lean on: money, clock, errors, ids, canonical JSON."""
