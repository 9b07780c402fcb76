"""Files that may be half-written, damaged or hostile."""
