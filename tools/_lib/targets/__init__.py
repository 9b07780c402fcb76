"""What the tools do that make targets, or look at them."""
