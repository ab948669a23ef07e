"""Controls SC, one a file."""
