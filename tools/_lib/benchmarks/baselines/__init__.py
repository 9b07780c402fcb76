"""What RELA is measured beside."""
