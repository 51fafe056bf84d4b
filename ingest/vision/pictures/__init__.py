"""Pictures that come in are checked before they are decoded; pictures that go out have no faces and no metadata."""
