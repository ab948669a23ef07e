"""What the node agent may do in a cluster: the rules of its ClusterRole, and no more than it uses."""

from __future__ import annotations

USER = "lab:agent"

AGENT_RULES: list[dict[str, list[str]]] = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch", "patch", "delete"]},
    {"apiGroups": [""], "resources": ["pods/status"], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["nodes", "configmaps"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["services"], "verbs": ["list", "watch"]},
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "create", "patch"]},
    {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
    {
        "apiGroups": ["external-secrets.io"],
        "resources": ["externalsecrets"],
        "verbs": ["list", "watch"],
    },
    {"apiGroups": ["external-secrets.io"], "resources": ["externalsecrets/status"], "verbs": ["patch"]},
    {
        "apiGroups": ["external-secrets.io"],
        "resources": ["externalsecrets/finalizers"],
        "verbs": ["update"],
    },
    {
        "apiGroups": ["external-secrets.io"],
        "resources": ["clustersecretstores", "secretstores"],
        "verbs": ["get"],
    },
    {
        "apiGroups": ["generators.external-secrets.io"],
        "resources": ["vaultdynamicsecrets", "webhooks"],
        "verbs": ["get"],
    },
]
"""`externalsecrets/finalizers` lets it name an ExternalSecret as the owner that blocks (OwnerReferences
admission)."""
