"""Controls MS, one a file."""
