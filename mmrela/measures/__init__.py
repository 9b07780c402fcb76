"""What features tell about each other, without a training."""
