"""The page: a server that streams, and the map that operators watch."""
