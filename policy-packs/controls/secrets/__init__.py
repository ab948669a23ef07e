"""Controls SE, one a file."""
