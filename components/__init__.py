"""One folder per concern, one file per concept. A component knows exactly one cluster."""
