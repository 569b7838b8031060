"""The one engine for everything that needs a second person."""
