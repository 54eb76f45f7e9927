"""Writing and reading checkpoints, and resuming a run from one."""
