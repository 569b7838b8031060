"""Measure one release against its limits and its peers. Figures are printed, never asserted."""
