"""The controls of the policy packs once more, at the API server: who comes with kubectl meets the same wall."""
