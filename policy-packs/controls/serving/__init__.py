"""Controls SR, one a file."""
