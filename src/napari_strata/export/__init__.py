"""Writing: the mirror of reading, from what is on screen to a store."""
