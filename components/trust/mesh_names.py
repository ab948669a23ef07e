"""Names that the two sides of the mesh's trust share: the store that signs and the clusters that ask."""

from __future__ import annotations

ISSUER = "mesh"
"""ClusterIssuer, and the role in which a cluster logs in to have its intermediate signed."""

NAMESPACE = "istio-system"
SECRET = "cacerts"  # noqa: S105 - the name of a Secret
"""Where Istio's control plane looks for the authority that it signs workloads with."""

DURATION = "2160h0m0s"
"""Life of an intermediate, as Go spells 90 days: cert-manager asks for it in these words."""


def common_name(cluster: str) -> str:
    """What an intermediate is called; the only name that its cluster may ask for."""
    return f"mesh-{cluster}"
