"""Controls NW, one a file."""
