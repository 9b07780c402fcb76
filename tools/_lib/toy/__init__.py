"""The paper's study of why RELA works (§3.2, appendices B, C, E and M)."""
