"""Reading and writing checkpoints, and resuming from them."""
