"""What workloads may read in the secret store: one policy for each, naming its paths alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_vault as vault

from components.base import Component
from components.secrets.vault_policies import Rules, policy


@dataclass(frozen=True, kw_only=True)
class WorkloadPoliciesArgs:
    """Rules by the policy's name."""

    policies: Mapping[str, Rules]


class WorkloadPolicies(Component, token="mlops:index:WorkloadPolicies"):
    """`names` by name, each known once the policy exists: a role that needs it comes after it."""

    names: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: WorkloadPoliciesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        self.names = {
            one: vault.Policy(self.child(one), name=one, policy=policy(rules), opts=self.opts()).name
            for one, rules in args.policies.items()
        }
        self.register_outputs({"names": self.names})
