"""Codecs: YAML that says what a device's messages mean, compiled to closures."""
