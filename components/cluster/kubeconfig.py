"""The kubeconfig of an EKS cluster, by which everything after it is the same as for any other cluster."""

from __future__ import annotations

import json

CLIENT = "client.authentication.k8s.io/v1"


def kubeconfig(*, name: str, context: str, region: str, endpoint: str, authority: str) -> str:
    """The kubeconfig as JSON text. It holds no credential: the AWS CLI makes a token from the caller's own.

    `authority` is base64 of the PEM text, as EKS gives it.
    """
    arguments = ["eks", "get-token", "--cluster-name", name, "--region", region, "--output", "json"]
    user = {
        "exec": {
            "apiVersion": CLIENT,
            "command": "aws",
            "args": arguments,
            "interactiveMode": "Never",
            "provideClusterInfo": False,
        }
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": context, "cluster": {"server": endpoint, "certificate-authority-data": authority}}
        ],
        "users": [{"name": context, "user": user}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
        "current-context": context,
    }
    return json.dumps(document)
