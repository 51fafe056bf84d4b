"""The program and its vocabulary: model, store and runtime below, configuration and command line above."""
