"""The secrets of the realm's confidential clients, handed to the secret store and to nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_vault as vault

from components.base import Component
from config.secret_paths import CLIENT_FOLDER


@dataclass(frozen=True, kw_only=True)
class ClientSecretsArgs:
    """Secrets by client."""

    kv_mount: str
    secrets: Mapping[str, pulumi.Output[str]]


class ClientSecrets(Component, token="mlops:index:ClientSecrets"):
    """`oidc/<client>` with the keys `client_id` and `client_secret`; `paths` are those below the mount by client, each
    known once the secret is kept."""

    paths: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: ClientSecretsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        self.paths = {
            client: vault.kv.SecretV2(
                self.child(client),
                mount=args.kv_mount,
                name=f"{CLIENT_FOLDER}/{client}",
                data_json=pulumi.Output.json_dumps({"client_id": client, "client_secret": secret}),
                delete_all_versions=True,
                opts=self.opts(),
            ).name
            for client, secret in args.secrets.items()
        }
        self.register_outputs({"paths": self.paths})
