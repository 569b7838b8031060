"""How others do a part of what a release does, each in processes and a database of its own."""
