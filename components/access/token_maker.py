"""The right to tokens of named ServiceAccounts, for a controller that enters the secret store in their name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.access.account_rights import account_rights, grant
from components.base import Component
from components.manifest import Manifest, NamespaceRef


@dataclass(frozen=True, kw_only=True)
class TokenMakerArgs:
    """`maker` is the controller's account and its namespace, `accounts` are those whose tokens it may make, each with
    its namespace. `labels` are on every object."""

    maker: tuple[str, str]
    accounts: Sequence[tuple[str, NamespaceRef]]
    labels: Mapping[str, str]


class TokenMaker(Component, token="mlops:index:TokenMaker"):
    """One role in each namespace, which names its accounts. Charts give either no such right or one to all tokens."""

    def __init__(self, name: str, args: TokenMakerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        named: dict[str, list[str]] = {}
        homes = {namespace.name: namespace for _, namespace in args.accounts}
        for account, namespace in args.accounts:
            named.setdefault(namespace.name, []).append(account)
        for home, accounts in named.items():
            rights = token_rights(args.maker, accounts, homes[home], args.labels)
            grant(self, f"{home}-role", f"{home}-binding", rights)
        self.register_outputs({})


def token_rights(
    maker: tuple[str, str], accounts: Sequence[str], namespace: NamespaceRef, labels: Mapping[str, str]
) -> tuple[Manifest, Manifest]:
    """Tokens of exactly these accounts of one namespace, for the controller: an account of the same name elsewhere is
    another one."""
    rule = {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": list(accounts),
        "verbs": ["create"],
    }
    return account_rights(f"mlops:{maker[0]}-tokens", [rule], maker, labels, within=namespace, kind="Role")
