"""What holds for the network of all clusters: Cilium's part, and where the mesh's trust comes from."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from config.secret_paths import SecretPath
from config.types import ClusterName, Fqdn, HttpsUrl, Settings, SourceCidr, refusal

LARGEST_ID = 127
"""Of a cluster in a ClusterMesh; 0 is a cluster outside of any. Cilium knows larger ones, but its chart refuses 128 to
255 where pods have addresses of a VPC: policies would drop what they allow (github.com/cilium/cilium/issues/21330)."""

Encryption = Literal["none", "wireguard", "ipsec"]
"""What Cilium does to packets between nodes. `ipsec` needs the Secret with its keys before the first start."""

FlowExport = Literal["off", "metrics", "flows"]
"""What Hubble hands to the OpenTelemetry collectors; `flows` is metrics and a log of all that was refused."""

_CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n?"
)


class ClusterMesh(Settings):
    """Cilium's own connection of clusters, apart from the mesh of Istio."""

    domain: Fqdn
    """Each cluster's API for the others answers at `<cluster>.<domain>`, port 2379."""
    ids: Mapping[ClusterName, Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID)]] = Field(
        default_factory=dict
    )
    """Numbers of clusters, by name; one that is left out has a number made from its name, which never moves."""
    sources: tuple[SourceCidr, ...] = ()
    """Ranges from which nodes of clusters of kind `existing` come, as the others see them. Pods' ranges and VPCs of
    clusters of kind `eks` are known."""


def _one_certificate(value: str) -> str:
    if _CERTIFICATE.fullmatch(value) is None:
        raise refusal(
            "use the PEM text of one certificate, with '|' before it so that YAML keeps its lines; no key",
            given="a text that is no single certificate",
        )
    return value


RootCertificate = Annotated[str, AfterValidator(_one_certificate)]
"""PEM text of one authority's certificate; public, so no secret."""

Generation = Annotated[int, Field(strict=True, ge=1, le=99)]


def _one_or_two(given: tuple[object, ...]) -> tuple[object, ...]:
    if not 1 <= len(given) <= 2:
        raise refusal("name one, or two during a change of roots", given=f"{len(given)} of them")
    if len(set(given)) != len(given):
        raise refusal("name each root once")
    return given


class VaultRoot(Settings):
    """The root's key is in the secret store, which signs an intermediate for each cluster.

    A change of roots is three steps, one `up` each: `trusted: [1, 2]`, then `signing: 2`, then `trusted: [2]`.
    """

    signing: Generation = 1
    """Which root signs. A new number is a new root."""
    trusted: Annotated[tuple[Generation, ...], AfterValidator(_one_or_two)] = (1,)
    """Which roots exist and are trusted: the one that signs, and during a change of roots the other one."""

    @model_validator(mode="after")
    def _trusts_what_it_signs_with(self) -> Self:
        if self.signing not in self.trusted:
            remedy = f"add {self.signing} to it: nobody would trust what that root signs"
            raise refusal(remedy, given=repr(list(self.trusted)), at="trusted")
        return self


class OfflineRoot(Settings):
    """The root's key is nowhere near: an intermediate for each cluster is signed by hand and put into the secret
    store at `<secretPath>/<cluster>`, with the keys `tls.crt`, `tls.key` and `ca.crt`."""

    secret_path: SecretPath = "mesh"  # noqa: S105 - a path, not a secret
    """Where the intermediates lie."""
    roots: Annotated[tuple[RootCertificate, ...], AfterValidator(_one_or_two)]
    """Certificates of the roots that are trusted; two during a change of roots."""


class MeshTrust(Settings):
    """The one root of the mesh in all clusters: in the secret store, or offline."""

    vault: VaultRoot | None = None
    """A root that the secret store keeps; the default."""
    offline: OfflineRoot | None = None
    """A root that nobody keeps online."""

    @model_validator(mode="after")
    def _one_root(self) -> Self:
        if self.vault and self.offline:
            remedy = (
                "leave one of the two out: clusters with different roots would not know each other; "
                "to change from one to the other, keep both certificates in offline.roots"
            )
            raise refusal(remedy, given="two roots, 'vault' and 'offline'")
        return self

    @property
    def in_store(self) -> VaultRoot | None:
        """The root in the secret store, unless the root is offline."""
        return None if self.offline else self.vault or VaultRoot()


class PlatformNetwork(Settings):
    """Cilium and the mesh's trust. Cilium always takes the place of kube-proxy."""

    encryption: Encryption = "wireguard"
    """Encryption of packets between nodes, below the mesh's own."""
    hubble: FlowExport = "flows"
    """What is seen of the traffic."""
    existing: Literal["keep", "install"] = "keep"
    """Clusters of kind `existing` have Cilium and cert-manager, which are kept; or neither, and both are installed."""
    cluster_mesh: ClusterMesh | None = None
    """Cilium's ClusterMesh; there is none unless this is given."""
    trust: MeshTrust = MeshTrust()
    """The root of the mesh."""
    token_audiences: Mapping[ClusterName, HttpsUrl] = Field(default_factory=dict)
    """What tokens are for at a cluster's API server (`--api-audiences`), where it is not Kubernetes' usual one."""

    @property
    def store_signs(self) -> bool:
        """Does cert-manager ask the secret store for certificates?"""
        return self.trust.in_store is not None or self.cluster_mesh is not None


def cluster_ids(names: Iterable[str], mesh: ClusterMesh | None) -> dict[str, int]:
    """The number of each cluster, the same whatever other clusters there are; 0 for all without a ClusterMesh."""
    if mesh is None:
        return dict.fromkeys(names, 0)
    return {name: mesh.ids.get(name, zlib.crc32(name.encode()) % LARGEST_ID + 1) for name in names}
