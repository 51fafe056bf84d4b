"""What every process needs while it runs: the clock, logs, metrics, tasks and child processes."""
