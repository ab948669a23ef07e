"""How people log in: name and password, and a one-time password for administrators. In the browser only."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_keycloak as keycloak

from components.base import Component
from components.manifest import known_after
from config.access import Role


@dataclass(frozen=True, kw_only=True)
class LoginFlowArgs:
    """The realm's id."""

    realm: pulumi.Input[str]


class LoginFlow(Component, token="mlops:index:LoginFlow"):
    """Keycloak's browser flow with a second factor that an administrator cannot leave out: without one it has to
    be set up at the first login. The password grant is refused to every client of the realm, also to Keycloak's
    own `admin-cli`, which would take an administrator's password alone (RFC 9700 2.4).

    A flow is bound once it is complete: a half-made one asks for less, or locks everybody out.
    """

    flow: pulumi.Output[str]

    def __init__(self, name: str, args: LoginFlowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._realm = args.realm
        flow = keycloak.authentication.Flow(
            self.child("flow"), realm_id=args.realm, alias="platform-browser", opts=self.opts()
        )
        session = self._execution("session", flow.alias, "auth-cookie", "ALTERNATIVE", 10)
        forms = self._subflow("forms", flow.alias, "ALTERNATIVE", 20)
        password = self._execution("password", forms, "auth-username-password-form", "REQUIRED", 10)
        second = self._subflow("second-factor", forms, "CONDITIONAL", 20)
        condition = self._execution("administrators", second, "conditional-user-role", "REQUIRED", 10)
        administrators = keycloak.authentication.ExecutionConfig(
            self.child("administrators-role"),
            realm_id=args.realm,
            execution_id=condition.id,
            alias="administrators",
            config={"condUserRole": Role.ADMIN.value, "negate": "false"},
            opts=self.opts(),
        )
        otp = self._execution("one-time-password", second, "auth-otp-form", "REQUIRED", 20)
        closed = keycloak.authentication.Flow(
            self.child("password-grant"),
            realm_id=args.realm,
            alias="platform-password-grant",
            opts=self.opts(),
        )
        refusal = self._execution(
            "password-grant-refusal", closed.alias, "deny-access-authenticator", "REQUIRED", 10
        )
        bound = keycloak.authentication.Bindings(
            self.child("binding"),
            realm_id=args.realm,
            browser_flow=known_after(
                flow.alias, [session.id, password.id, condition.id, administrators.id, otp.id]
            ),
            direct_grant_flow=known_after(closed.alias, [refusal.id]),
            opts=self.opts(),
        )
        self.flow = bound.browser_flow
        self.register_outputs({"flow": self.flow})

    def _subflow(
        self, part: str, above: pulumi.Input[str], requirement: str, place: int
    ) -> pulumi.Output[str]:
        made = keycloak.authentication.Subflow(
            self.child(part),
            realm_id=self._realm,
            alias=f"platform-browser-{part}",
            parent_flow_alias=above,
            provider_id="basic-flow",
            requirement=requirement,
            priority=place,
            opts=self.opts(),
        )
        return made.alias

    def _execution(
        self, part: str, above: pulumi.Input[str], authenticator: str, requirement: str, place: int
    ) -> keycloak.authentication.Execution:
        return keycloak.authentication.Execution(
            self.child(part),
            realm_id=self._realm,
            parent_flow_alias=above,
            authenticator=authenticator,
            requirement=requirement,
            priority=place,
            opts=self.opts(),
        )
