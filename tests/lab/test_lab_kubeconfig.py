from __future__ import annotations

import base64
from pathlib import Path

import yaml

from lab.certs import Subject, authority, leaf
from lab.kubeconfig import Access, document


def test_every_cluster_has_a_context_of_its_name_and_the_first_is_current(tmp_path: Path) -> None:
    signer = authority(tmp_path, "ca", "lab")
    pair = leaf(signer, tmp_path, "admin", Subject(name="admin", client=True))
    accesses = [
        Access(cluster=name, server=f"https://127.0.0.1:{port}", authority=signer.path, pair=pair)
        for name, port in (("east", 1), ("west", 2))
    ]
    config = yaml.safe_load(document(accesses))
    assert config["current-context"] == "east"
    assert [context["name"] for context in config["contexts"]] == ["east", "west"]
    assert {c["name"]: c["cluster"]["server"] for c in config["clusters"]}["west"] == "https://127.0.0.1:2"
    key = base64.b64decode(config["users"][0]["user"]["client-key-data"])
    assert key == pair.key.read_bytes()
    assert "insecure-skip-tls-verify" not in document(accesses)
