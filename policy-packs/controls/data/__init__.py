"""Controls DS, one a file."""
