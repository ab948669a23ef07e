"""Wiring: which component goes to which cluster, in an order that reads aloud."""
