"""What the strength of random crops does to two classes (paper, Fig. 7)."""
