"""Frame -> Report: what can be said of a frame without any model, cheap enough for every frame of every camera."""
