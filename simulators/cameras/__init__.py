"""Pretend cameras: drawn scenes of a street, a market and a hill, served as video over HTTP, for demos and tests."""
