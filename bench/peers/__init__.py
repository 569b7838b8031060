"""Others' ways of doing a part of what a release does, each in a process and database of its own."""
