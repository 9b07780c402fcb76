"""What is looked at before the first step, each with its cure."""
