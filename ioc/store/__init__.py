"""Where things are kept: Redis, and files of events; nothing else in the program speaks to Redis."""
