"""kubeconfig files: for the administrator and for each component, always with the authority and a client
certificate inside, so that a file works wherever it is copied to."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.certs import Pair


@dataclass(frozen=True, kw_only=True)
class Access:
    """One cluster as one user reaches it."""

    cluster: str
    server: str
    authority: Path
    pair: Pair


def document(accesses: Sequence[Access]) -> str:
    """One context per cluster, named as the cluster; the first one is current. JSON, which is YAML too."""
    content: Mapping[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": accesses[0].cluster,
        "clusters": [
            {
                "name": access.cluster,
                "cluster": {
                    "server": access.server,
                    "certificate-authority-data": _encoded(access.authority),
                },
            }
            for access in accesses
        ],
        "users": [
            {
                "name": access.cluster,
                "user": {
                    "client-certificate-data": _encoded(access.pair.certificate),
                    "client-key-data": _encoded(access.pair.key),
                },
            }
            for access in accesses
        ],
        "contexts": [
            {"name": access.cluster, "context": {"cluster": access.cluster, "user": access.cluster}}
            for access in accesses
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")
