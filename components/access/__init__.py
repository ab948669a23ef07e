"""Rights of people in a cluster, derived from the permission matrix."""
