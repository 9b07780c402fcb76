"""Random changes of a batch, each as one CPU transform makes it."""
