"""The API server of a cluster of the settings, as a command asks it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from kubernetes import client, config
from urllib3.exceptions import HTTPError

from cli.errors import CommandFailed
from config.clusters import ClusterSettings


@contextlib.contextmanager
def cluster_api(cluster: ClusterSettings, root: Path) -> Iterator[client.ApiClient]:
    """A client of the cluster's context, open within the block; `root` is where a relative kubeconfig is from.

    Raises CommandFailed without a kubeconfig that has the context, and where the server does not answer in the block
    or refuses what it is asked.
    """
    file = str(root / cluster.kubeconfig) if cluster.kubeconfig else None
    try:
        with config.new_client_from_config(file, context=cluster.context) as api:
            yield api
    except config.ConfigException as error:
        raise CommandFailed(
            f"cluster {cluster.name}: no usable kubeconfig: {error}; is it up (`mlops lab up`)?"
        ) from None
    except client.ApiException as error:
        raise CommandFailed(
            f"cluster {cluster.name}: its API server answers {error.status} {error.reason}"
        ) from None
    except (HTTPError, OSError) as error:
        raise CommandFailed(f"cluster {cluster.name}: its API server does not answer: {error}") from None
