"""Tracks -> what is told of them: seen and gone, counted in zones, over lines, staying too long, crowded."""
