"""The types of resource that the vault provider applies: their paths, fields and special cases.

Source: pulumi-vault 7.14.0 (terraform-provider-vault 5.11): schemas, ForceNew fields, defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.providers import vault_identity as identity
from engine.providers import vault_shapes as shapes
from engine.providers.vault_kinds import Guarded, Kind, Written
from engine.providers.vault_mounts import TUNED, Audit, Mounted, SecretEngine
from engine.providers.vault_pki_tables import PKI

_TOKEN: Final = (
    "aliasMetadata",
    "tokenBoundCidrs",
    "tokenExplicitMaxTtl",
    "tokenMaxTtl",
    "tokenNoDefaultPolicy",
    "tokenNumUses",
    "tokenPeriod",
    "tokenPolicies",
    "tokenTtl",
    "tokenType",
)

_BASIC: Final[dict[str, Kind]] = {
    "vault:index/mount:Mount": SecretEngine(
        root="sys/mounts",
        extra=(*TUNED, "defaultLeaseTtlSeconds", "forceNoCache", "maxLeaseTtlSeconds", "options"),
        required=("path", "type"),
        replacing=frozenset({"externalEntropyAccess", "local", "sealWrap", "type"}),
        flags={
            "externalEntropyAccess": "external_entropy_access",
            "local": "local",
            "sealWrap": "seal_wrap",
        },
    ),
    "vault:index/authBackend:AuthBackend": Mounted(
        root="sys/auth",
        extra=("disableRemount", "tune"),
        required=("type",),
        replacing=frozenset({"local", "type"}),
    ),
    "vault:index/audit:Audit": Audit(
        required=("type", "options"),
        replacing=frozenset({"description", "local", "options", "path", "type"}),
    ),
    "vault:index/policy:Policy": Guarded(
        path="sys/policies/acl/{name}",
        id="{name}",
        fields=("policy",),
        required=("policy",),
        extra=("allowOverwrite",),
        replacing=frozenset({"name"}),
        autonamed=True,
    ),
    "vault:kv/secretV2:SecretV2": shapes.SecretV2(
        path="{mount}/data/{name}",
        fields=("cas", "customMetadata", "deleteAllVersions", "disableRead", "options"),
        required=("mount",),
        replacing=frozenset({"mount", "name"}),
        autonamed=True,
        secrets=(("dataJson",), ("dataJsonWo",)),
        write_only=((("dataJsonWo",), ("dataJsonWoVersion",)),),
        check=shapes.one_content,
    ),
}

_AUTH: Final[dict[str, Kind]] = {
    "vault:kubernetes/authBackendConfig:AuthBackendConfig": Written(
        path="auth/{backend}/config",
        fields=(
            "disableIssValidation",
            "disableLocalCaJwt",
            "issuer",
            "kubernetesCaCert",
            "kubernetesHost",
            "pemKeys",
            "useAnnotationsAsAliasMetadata",
        ),
        whole=True,
        shape=shapes.kubernetes_config,
        stays=True,
        required=("kubernetesHost",),
        replacing=frozenset({"backend"}),
        defaults={"backend": "kubernetes"},
        secrets=(("tokenReviewerJwt",), ("tokenReviewerJwtWo",)),
        write_only=((("tokenReviewerJwtWo",), ("tokenReviewerJwtWoVersion",)),),
    ),
    "vault:kubernetes/authBackendRole:AuthBackendRole": Written(
        path="auth/{backend}/role/{roleName}",
        fields=(
            *_TOKEN,
            "aliasNameSource",
            "audience",
            "boundServiceAccountNames",
            "boundServiceAccountNamespaceSelector",
            "boundServiceAccountNamespaces",
        ),
        resets={"aliasNameSource": "serviceaccount_uid"},
        required=("roleName", "boundServiceAccountNames"),
        replacing=frozenset({"backend", "roleName"}),
        defaults={"backend": "kubernetes", "tokenType": "default"},
    ),
    "vault:jwt/authBackend:AuthBackend": Mounted(
        root="sys/auth",
        config=(
            "boundIssuer",
            "defaultRole",
            "jwksCaPem",
            "jwksPairs",
            "jwksUrl",
            "jwtSupportedAlgs",
            "jwtValidationPubkeys",
            "namespaceInState",
            "oidcClientId",
            "oidcDiscoveryCaPem",
            "oidcDiscoveryUrl",
            "oidcResponseMode",
            "oidcResponseTypes",
            "providerConfig",
        ),
        shape=shapes.jwt_config,
        extra=("disableRemount", "tune"),
        check=shapes.key_source,
        replacing=frozenset({"local", "type"}),
        defaults={"path": "jwt", "type": "jwt", "namespaceInState": True},
        secrets=(("oidcClientSecret",), ("oidcClientSecretWo",), ("providerConfig",)),
        write_only=((("oidcClientSecretWo",), ("oidcClientSecretWoVersion",)),),
    ),
    "vault:jwt/authBackendRole:AuthBackendRole": Written(
        path="auth/{backend}/role/{roleName}",
        fields=(
            *_TOKEN,
            "allowedRedirectUris",
            "boundClaimsType",
            "boundSubject",
            "claimMappings",
            "clockSkewLeeway",
            "expirationLeeway",
            "groupsClaim",
            "maxAge",
            "notBeforeLeeway",
            "oidcScopes",
            "roleType",
            "userClaim",
            "userClaimJsonPointer",
            "verboseOidcLogging",
        ),
        resets={"boundClaimsType": "string"},
        shape=shapes.jwt_role,
        extra=("boundAudiences", "boundClaims", "disableBoundClaimsParsing"),
        required=("roleName", "userClaim"),
        replacing=frozenset({"backend", "roleName", "roleType"}),
        defaults={"backend": "jwt", "tokenType": "default"},
    ),
    "vault:identity/group:Group": identity.Identified(
        path="identity/group",
        fields=("memberEntityIds", "memberGroupIds", "metadata", "name", "policies", "type"),
        extra=("externalMemberEntityIds", "externalMemberGroupIds", "externalPolicies"),
        find=identity.group_of_name,
        leave_out=identity.managed_elsewhere,
        replacing=frozenset({"type"}),
        defaults={"type": "internal"},
        autonamed=True,
    ),
    "vault:identity/groupAlias:GroupAlias": identity.Identified(
        path="identity/group-alias",
        fields=("canonicalId", "mountAccessor", "name"),
        find=identity.alias_of_name,
        required=("canonicalId", "mountAccessor", "name"),
    ),
}

_DATABASE: Final[dict[str, Kind]] = {
    "vault:database/secretBackendConnection:SecretBackendConnection": shapes.Connection(
        path="{backend}/config/{name}",
        fields=(
            "allowedRoles",
            "passwordPolicy",
            "pluginVersion",
            "rootRotationStatements",
            "verifyConnection",
        ),
        check=shapes.postgresql_only,
        extra=("pluginName",),
        required=("backend",),
        defaults={"verifyConnection": True},
        secrets=tuple(
            ("postgresql", name) for name in ("password", "passwordWo", "privateKey", "serviceAccountJson")
        ),
        write_only=((("postgresql", "passwordWo"), ("postgresql", "passwordWoVersion")),),
        autonamed=True,
        replacing=frozenset({"backend", "name"}),
    ),
    "vault:database/secretBackendRole:SecretBackendRole": shapes.DatabaseRole(
        path="{backend}/roles/{name}",
        fields=(
            "creationStatements",
            "credentialConfig",
            "credentialType",
            "dbName",
            "defaultTtl",
            "maxTtl",
            "renewStatements",
            "revocationStatements",
            "rollbackStatements",
        ),
        resets={"credentialType": "password"},
        required=("backend", "creationStatements", "dbName"),
        autonamed=True,
        replacing=frozenset({"backend", "dbName", "name"}),
    ),
}

KINDS: Final[Mapping[str, Kind]] = {**_BASIC, **_AUTH, **_DATABASE, **PKI}
