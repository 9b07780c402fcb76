"""What stands around the training: hooks, checkpoints, ranks."""
