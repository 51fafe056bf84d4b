"""Detections of one frame after another -> tracks: which detection shows what was already there."""
