"""Features of images under a prior model."""
