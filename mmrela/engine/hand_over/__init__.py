"""What happens when the host takes over from RELA, but for the rule itself."""
