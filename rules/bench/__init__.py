"""The author's bench: what a rule would have done to the past, compared, measured, swept and explained."""
