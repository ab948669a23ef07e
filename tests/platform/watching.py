"""How a cluster's control plane sees another cluster: by the kubeconfig in its Secret and by nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager

import yaml
from kubernetes import client, config

from lab.readiness import NotReady, poll
from tests.platform.command import Platform
from tests.platform.store import api

SYSTEM = "istio-system"
_SECONDS = 60.0


def secret_of(platform: Platform, holder: str, peer: str) -> client.V1Secret:
    """Once external-secrets has written it."""
    found: list[client.V1Secret] = []

    def there() -> None:
        with api(platform, holder) as connection:
            try:
                name = f"istio-remote-secret-{peer}"
                found.append(client.CoreV1Api(connection).read_namespaced_secret(name, SYSTEM))
            except client.ApiException as error:
                raise NotReady(str(error.status)) from error

    poll("remote secret", there, _SECONDS)
    return found[-1]


@contextmanager
def watching(platform: Platform, holder: str, peer: str) -> Iterator[client.ApiClient]:
    """The peer as the holder's control plane sees it: by the kubeconfig in its Secret and by nothing else."""
    found = secret_of(platform, holder, peer)
    kubeconfig = yaml.safe_load(base64.b64decode(found.data[peer]))
    with config.new_client_from_config_dict(kubeconfig) as connection:
        yield connection
