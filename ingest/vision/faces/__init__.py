"""Faces in pictures are found and made unrecognisable."""
