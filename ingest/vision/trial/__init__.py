"""Tries one camera out, in a process of its own: what it sends, how fast, and what would be seen in it."""
