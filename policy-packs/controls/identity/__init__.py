"""Controls ID, one a file."""
