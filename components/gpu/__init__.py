"""GPU pools: how each cluster's GPUs are cut and shared."""
