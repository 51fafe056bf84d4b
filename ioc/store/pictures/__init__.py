"""The folder of pictures: written whole or not at all, kept as long as their class says, and no longer."""
