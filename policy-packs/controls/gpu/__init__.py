"""Controls GC, one a file."""
