"""Where a cluster is in AWS, and how what belongs to it is named there."""

from __future__ import annotations

from dataclasses import dataclass

from components.labels import PLATFORM, Owner, owner_labels

DISCOVERY = "karpenter.sh/discovery"
"""Tag of the subnets and the security group that Karpenter's nodes get."""


PODS = "cilium.io/pods"
"""Tag of the subnets that pods have their addresses from."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A cluster by name, region and account: all that an ARN needs, so that policies are known at plan time."""

    cluster: str
    region: str
    account: str

    @property
    def partition(self) -> str:
        """`aws`, or what stands in its place in China and in GovCloud."""
        kind = self.region.partition("-")[0]
        return {"cn": "aws-cn"}.get(kind, "aws-us-gov" if self.region.startswith("us-gov-") else "aws")

    def named(self, part: str) -> str:
        """The name in AWS of a part of the cluster. IAM's names are the account's, so the cluster's leads."""
        return f"{self.cluster}-{part}"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something of ours in the region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def unowned(self, service: str, resource: str) -> str:
        """The ARN of a resource whose ARN names no account, as that of images and snapshots."""
        return f"arn:{self.partition}:{service}:{self.region}::{resource}"

    def iam(self, resource: str) -> str:
        """The ARN of something of ours in IAM, which has no regions."""
        return f"arn:{self.partition}:iam::{self.account}:{resource}"

    def role(self, part: str) -> str:
        """The ARN of the role of a part of the cluster."""
        return self.iam(f"role/{self.named(part)}")

    def managed_policy(self, name: str) -> str:
        """The ARN of a policy that AWS maintains."""
        return f"arn:{self.partition}:iam::aws:policy/{name}"

    @property
    def cluster_arn(self) -> str:
        """The cluster's own ARN."""
        return self.arn("eks", f"cluster/{self.cluster}")

    @property
    def log_group(self) -> str:
        """Where EKS writes the control plane's logs; the name is EKS's."""
        return f"/aws/eks/{self.cluster}/cluster"

    @property
    def owned_tag(self) -> str:
        """Tag, with the value `owned`, of what lives and dies with the cluster."""
        return f"kubernetes.io/cluster/{self.cluster}"


def owner_tags(owner: Owner) -> dict[str, str]:
    """Tags of everything: who owns it and who pays for it (GC-04)."""
    return {"part-of": PLATFORM, **owner_labels(owner)}
