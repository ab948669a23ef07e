"""An EKS cluster: its network, keys, control plane, identities and nodes."""
