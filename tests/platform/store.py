"""Workloads of a cluster at the secret store."""

from __future__ import annotations

import httpx
from kubernetes import client, config

from config.load import read
from config.outside import read_outside
from lab.openbao_setup import Bao
from tests.platform.command import ROOT, Platform


def store_of(platform: Platform, token: str = "") -> Bao:
    """The secret store as the holder of that token sees it, or as nobody."""
    outside = read_outside(platform.folder.root)
    return Bao(outside.url(read(ROOT, "dev").secrets.address), platform.folder.ca, token)


def api(platform: Platform, cluster: str) -> client.ApiClient:
    """A cluster as the lab's administrator sees it."""
    return config.new_client_from_config(str(platform.folder.kubeconfig), context=cluster)


def login(
    platform: Platform, *, role: str, account: str, namespace: str, of: str = "east", at: str = "east"
) -> httpx.Response:
    """What the store's mount `at` a cluster answers to a fresh token `of` an account of a cluster."""
    with api(platform, of) as connection:
        made = client.CoreV1Api(connection).create_namespaced_service_account_token(
            account, namespace, {"spec": {"expirationSeconds": 600}}
        )
    body = {"role": role, "jwt": made.status.token}
    return store_of(platform).request("POST", f"auth/kubernetes-{at}/login", body)
