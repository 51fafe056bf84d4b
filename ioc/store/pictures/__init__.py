"""The folder of pictures: each is written whole or not at all, and kept as long as its class says, no longer."""
