"""The staff site's pages: its door and the counters."""
