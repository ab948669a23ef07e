"""Controls on every pod-bearing kind, one a file."""
