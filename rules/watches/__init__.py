"""What rules watch for: each kind's data, how it is read from a rule book, and how it is put to work."""
