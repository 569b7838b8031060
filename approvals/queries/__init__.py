"""What is so? Reads of requests, filtered by what the actor may see."""
