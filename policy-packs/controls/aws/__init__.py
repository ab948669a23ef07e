"""Controls AW, one a file."""
