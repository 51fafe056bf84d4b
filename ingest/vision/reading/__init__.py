"""The reader process: opens cameras, keeps the latest frame of each, looks at it cheaply, tells what became of it."""
