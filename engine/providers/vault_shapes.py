"""Bodies of writes that are not their properties one by one, and what cannot be told from a single property."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from engine.errors import ObjectRefused
from engine.providers.base import Live
from engine.providers.vault_kinds import Task, Written, api_name, fields_of, filled
from engine.values import UNKNOWN, Properties

CONNECTION: Final = (
    "authType",
    "connectionUrl",
    "disableEscaping",
    "maxConnectionLifetime",
    "maxIdleConnections",
    "maxOpenConnections",
    "passwordAuthentication",
    "privateKey",
    "selfManaged",
    "serviceAccountJson",
    "tlsCa",
    "tlsCertificate",
    "username",
    "usernameTemplate",
)
_UNSAID: Final = {"disableEscaping": False, "maxOpenConnections": 2}
"""What the real provider says of a connection where the program does not."""
_PLUGIN: Final = "postgresql-database-plugin"
_SOURCES: Final = ("oidcDiscoveryUrl", "jwksUrl", "jwksPairs", "jwtValidationPubkeys", "providerConfig")
_CUSTOM: Final = ("casRequired", "data", "deleteVersionAfter", "maxVersions")


class SecretV2(Written):
    """A secret of a KV engine of version 2.

    A write-only secret is written when it is new, when its version changes and when it is gone, and not when
    something else changes: somebody may have changed it since.
    """

    def update(self, task: Task) -> Live:
        given = "dataJson" in task.inputs or task.changed("dataJsonWoVersion")
        if given or task.api.get(filled(self.path, task.inputs)) is None:
            return self._write(task)
        self._describe(task)
        return self._live(task, {})

    def delete(self, task: Task) -> None:
        everything = task.inputs.get("deleteAllVersions") is True
        task.api.delete(filled("{mount}/metadata/{name}" if everything else self.path, task.inputs))

    def _write(self, task: Task) -> Live:
        body: Properties = {"data": json.loads(task.inputs.get("dataJson") or task.inputs["dataJsonWo"])}
        options = dict(task.inputs.get("options") or {})
        if "cas" in task.inputs and not task.taking and task.inputs != task.before:
            options["cas"] = task.inputs["cas"]
        written = task.api.write(filled(self.path, task.inputs), {**body, "options": options})
        self._describe(task)
        return self._live(task, written)

    def _describe(self, task: Task) -> None:
        custom = task.inputs.get("customMetadata")
        former = (task.before or {}).get("customMetadata")
        if custom or former:
            block = replace(task, inputs=custom or {}, before=former)
            body = fields_of(block, _CUSTOM, {"data": "custom_metadata"}, {})
            task.api.write(filled("{mount}/metadata/{name}", task.inputs), body)

    def _live(self, task: Task, written: Properties) -> Live:
        path = filled(self.path, task.inputs)
        texts = {
            key: value if isinstance(value, str) else json.dumps(value) for key, value in written.items()
        }
        metadata = {"metadata": texts or task.outputs.get("metadata") or {}}
        return Live(id=path, outputs={"path": path, **metadata})


class Connection(Written):
    """A database connection. Its password is sent when it is new or changes: the engine may have rotated it."""

    def _write(self, task: Task) -> Live:
        path = filled(self.path, task.inputs)
        body = fields_of(task, self.fields, self.names, self.resets)
        former = (task.before or {}).get("postgresql")
        block = replace(task, inputs=task.inputs["postgresql"], before=former)
        details = {
            **{api_name(name, {}): value for name, value in _UNSAID.items()},
            **fields_of(block, CONNECTION, {}, {"passwordAuthentication": "password", **_UNSAID}),
        }
        lifetime = details.get("max_connection_lifetime")
        if lifetime is not None:
            details["max_connection_lifetime"] = f"{lifetime}s"
        sent = any(
            task.changed("postgresql", name) for name in ("password", "passwordWo", "passwordWoVersion")
        )
        password = block.inputs.get("password") or block.inputs.get("passwordWo")
        if password and (sent or task.api.get(path) is None):
            details["password"] = password
        plugin = {"plugin_name": task.inputs.get("pluginName", _PLUGIN)}
        task.api.write(path, {**plugin, **details, **body})
        return Live(id=path, outputs={"pluginName": plugin["plugin_name"]})


class DatabaseRole(Written):
    """A role of a database. The logins that it gave end with it.

    Their leases keep the engine from being unmounted as soon as their connection is gone. A token without sudo on
    `sys/leases/revoke-prefix/<backend>/creds/<name>` leaves them until they end by themselves.
    """

    def delete(self, task: Task) -> None:
        try:
            task.api.write(
                filled("sys/leases/revoke-prefix/{backend}/creds/{name}", task.inputs), {"sync": True}
            )
        except ObjectRefused as error:
            if error.status not in (403, 404):
                raise
        super().delete(task)


def postgresql_only(inputs: Properties) -> str:
    """Other databases need the real provider."""
    if "postgresql" not in inputs:
        return "this engine connects to postgresql alone; run with --engine pulumi for another database"
    block = inputs["postgresql"]
    strange = (
        set()
        if block is UNKNOWN
        else block.keys() - {*CONNECTION, "password", "passwordWo", "passwordWoVersion"}
    )
    return f"postgresql: this engine does not apply {', '.join(sorted(strange))}" if strange else ""


def one_content(inputs: Properties) -> str:
    """A secret is one JSON object. What is wrong with it is told without showing it."""
    given = [name for name in ("dataJson", "dataJsonWo") if name in inputs]
    if len(given) != 1:
        return "one of dataJson and dataJsonWo must be stated"
    text = inputs[given[0]]
    if text is UNKNOWN:
        return ""
    try:
        found = json.loads(text)
    except (TypeError, ValueError) as error:
        return f"{given[0]} is not JSON: {getattr(error, 'msg', 'it is no text')}"
    return "" if isinstance(found, dict) else f"{given[0]} is not a JSON object"


def key_source(inputs: Properties) -> str:
    """Where the keys come from that tokens are checked with."""
    return "" if any(name in inputs for name in _SOURCES) else f"one of {', '.join(_SOURCES)} must be stated"


def jwt_config(body: Properties, task: Task) -> Properties:
    """The provider's own settings have types; the client secret has to be sent with every write."""
    shaped = dict(body)
    secret = task.inputs.get("oidcClientSecret") or task.inputs.get("oidcClientSecretWo")
    if secret:
        shaped["oidc_client_secret"] = secret
    if "provider_config" in shaped:
        shaped["provider_config"] = {
            key: _typed(key, value) for key, value in shaped["provider_config"].items()
        }
    return shaped


def _typed(key: str, text: str) -> Any:
    if key in ("fetch_groups", "fetch_user_info"):
        return text == "true"
    return int(text) if key in ("groups_recurse_max_depth", "groups_cap") else text


def jwt_role(body: Properties, task: Task) -> Properties:
    """Bound claims are lists: their values are separated by commas unless the program says that they are not."""
    parsed = task.inputs.get("disableBoundClaimsParsing") is not True
    claims = {
        name: [part.strip() for part in (str(text).split(",") if parsed else [str(text)])]
        for name, text in (task.inputs.get("boundClaims") or {}).items()
    }
    return {**body, "bound_claims": claims, "bound_audiences": task.inputs.get("boundAudiences", [])}


def kubernetes_config(body: Properties, task: Task) -> Properties:
    """Each write states the reviewer's token anew: the server forgets one that is left out."""
    reviewer = task.inputs.get("tokenReviewerJwt") or task.inputs.get("tokenReviewerJwtWo")
    unsaid = {"disable_iss_validation": False}
    return {**unsaid, **body, **({"token_reviewer_jwt": reviewer} if reviewer else {})}
