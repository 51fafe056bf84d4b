"""The kinds of rules: for each, the state of a key and how events and time move it."""
