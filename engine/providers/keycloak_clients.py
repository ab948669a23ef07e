"""OpenID clients, client scopes and the mappers that fill their tokens."""

from __future__ import annotations

from types import MappingProxyType

from engine.errors import ProviderError
from engine.providers.keycloak_fields import SEPARATOR, Field, quoted, rendered
from engine.providers.keycloak_objects import IMPORT, REALM, Objects
from engine.providers.keycloak_server import path, there
from engine.providers.keycloak_work import Work, named
from engine.values import Properties, Secret

_ACCESS_TYPES = ("CONFIDENTIAL", "PUBLIC", "BEARER-ONLY")


def _access(type_: str) -> Properties:
    return {"publicClient": type_ == "PUBLIC", "bearerOnly": type_ == "BEARER-ONLY"}


def _overrides(given: Properties) -> Properties:
    return {"browser": given.get("browserId") or "", "direct_grant": given.get("directGrantId") or ""}


class _Extra(Objects):
    """Objects with attributes of which `extraConfig` states some that have no input of their own.

    Keycloak keeps those that an update does not mention: one that is no longer stated is mentioned as "".
    """

    partial = True

    def body(self, work: Work, current: Properties | None, *, stated: bool = False) -> Properties:
        own = rendered(self.fields, work.given, None if current is None else {}, stated=stated)
        extra = work.given.get("extraConfig") or {}
        gone = (work.former.get("extraConfig") or {}).keys() - extra.keys()
        own["attributes"] = {**dict.fromkeys(gone, ""), **extra, **own.get("attributes", {})}
        return own


class Clients(_Extra):
    """OpenID clients. Those with a secret of their own show it as a secret output."""

    fields = (
        REALM,
        IMPORT,
        Field("extraConfig", None),
        Field("clientId"),
        Field("name", initial=""),
        Field("description", initial=""),
        Field("enabled", default=True),
        Field("accessType", "*", to=_access, choices=_ACCESS_TYPES),
        Field("clientSecret", "secret"),
        Field("clientAuthenticatorType", default="client-secret"),
        Field("standardFlowEnabled", initial=False),
        Field("implicitFlowEnabled", initial=False),
        Field("directAccessGrantsEnabled", initial=False),
        Field("serviceAccountsEnabled", initial=False),
        Field("frontchannelLogoutEnabled", "frontchannelLogout", initial=False),
        Field("validRedirectUris", "redirectUris"),
        Field("webOrigins"),
        Field("rootUrl"),
        Field("adminUrl", initial=""),
        Field("baseUrl", initial=""),
        Field("fullScopeAllowed", default=True),
        Field("consentRequired", initial=False),
        Field("alwaysDisplayInConsole", default=False),
        Field("authenticationFlowBindingOverrides", default={}, to=_overrides),
        Field("validPostLogoutRedirectUris", "attributes/post.logout.redirect.uris", to=SEPARATOR.join),
        Field(
            "pkceCodeChallengeMethod",
            "attributes/pkce.code.challenge.method",
            "",
            choices=("", "plain", "S256"),
        ),
        Field("requireDpopBoundTokens", "attributes/dpop.bound.access.tokens", initial=False, to=quoted),
        Field("accessTokenLifespan", "attributes/access.token.lifespan", initial=""),
        Field("clientSessionIdleTimeout", "attributes/client.session.idle.timeout", initial=""),
        Field("clientSessionMaxLifespan", "attributes/client.session.max.lifespan", initial=""),
        Field(
            "clientOfflineSessionIdleTimeout", "attributes/client.offline.session.idle.timeout", initial=""
        ),
        Field(
            "clientOfflineSessionMaxLifespan", "attributes/client.offline.session.max.lifespan", initial=""
        ),
        Field(
            "excludeSessionStateFromAuthResponse",
            "attributes/exclude.session.state.from.auth.response",
            initial=False,
            to=quoted,
        ),
        Field(
            "excludeIssuerFromAuthResponse",
            "attributes/exclude.issuer.from.auth.response",
            initial=False,
            to=quoted,
        ),
        Field("loginTheme", "attributes/login_theme", initial=""),
        Field("displayOnConsentScreen", "attributes/display.on.consent.screen", initial=False, to=quoted),
        Field("consentScreenText", "attributes/consent.screen.text", initial=""),
        Field("useRefreshTokens", "attributes/use.refresh.tokens", True, to=quoted),
        Field(
            "useRefreshTokensClientCredentials",
            "attributes/client_credentials.use_refresh_token",
            False,
            to=quoted,
        ),
        Field("standardTokenExchangeEnabled", "attributes/standard.token.exchange.enabled", False, to=quoted),
        Field("frontchannelLogoutUrl", "attributes/frontchannel.logout.url", initial=""),
        Field("backchannelLogoutUrl", "attributes/backchannel.logout.url", initial=""),
        Field(
            "backchannelLogoutSessionRequired",
            "attributes/backchannel.logout.session.required",
            True,
            to=quoted,
        ),
        Field(
            "backchannelLogoutRevokeOfflineSessions",
            "attributes/backchannel.logout.revoke.offline.tokens",
            False,
            to=quoted,
        ),
        Field(
            "oauth2DeviceAuthorizationGrantEnabled",
            "attributes/oauth2.device.authorization.grant.enabled",
            False,
            to=quoted,
        ),
        Field(
            "allowRefreshTokenInStandardTokenExchange",
            "attributes/standard.token.exchange.enableRefreshRequestedTokenType",
        ),
        Field(
            "oauth2JwtAuthorizationGrantEnabled",
            "attributes/oauth2.jwt.authorization.grant.enabled",
            False,
            to=quoted,
        ),
        Field("oauth2JwtAuthorizationGrantIdp", "attributes/oauth2.jwt.authorization.grant.idp"),
        Field("oauth2DeviceCodeLifespan", "attributes/oauth2.device.code.lifespan", ""),
        Field("oauth2DevicePollingInterval", "attributes/oauth2.device.polling.interval", ""),
    )
    fixed = frozenset(("realmId", "import"))
    autonamed = ("clientId", "name")
    constants = MappingProxyType({"protocol": "openid-connect"})

    def collection(self, work: Work) -> str:
        return path(work.realm, "clients")

    def find(self, work: Work) -> Properties | None:
        name = str(work.given["clientId"])
        return named(work.server.get(self.collection(work), clientId=name), clientId=name)

    def body(self, work: Work, current: Properties | None, *, stated: bool = False) -> Properties:
        own = super().body(work, current, stated=stated)
        _judge(own if stated else {**(current or {}), **own})
        return own

    def computed(self, work: Work, id_: str) -> Properties:
        found = there(work.server.get(self.item(work, id_)), "such client")
        user = ""
        if found.get("serviceAccountsEnabled"):
            account = work.server.get(f"{self.item(work, id_)}/service-account-user")
            user = str(there(account, "service account of this client")["id"])
        secret = work.action.inputs.get("clientSecret") or Secret(str(found.get("secret") or ""))
        return {"clientSecret": secret, "serviceAccountUserId": user}


def _judge(client: Properties) -> None:
    """What the real provider refuses, as it would make a client that nobody can use."""
    flows = client.get("standardFlowEnabled") or client.get("implicitFlowEnabled")
    grants = flows or client.get("directAccessGrantsEnabled")
    problem = ""
    if client.get("bearerOnly") and (grants or client.get("serviceAccountsEnabled")):
        problem = "a BEARER-ONLY client gets no tokens: none of its flows can be enabled"
    elif flows and not client.get("redirectUris"):
        problem = "the standard and the implicit flow need validRedirectUris"
    elif client.get("redirectUris") and not flows and "id" not in client:
        problem = "validRedirectUris need the standard or the implicit flow enabled"
    elif client.get("publicClient") and client.get("serviceAccountsEnabled"):
        problem = "a PUBLIC client cannot have a service account"
    if problem:
        raise ProviderError(problem)


class ClientScopes(_Extra):
    """Client scopes of the protocol openid-connect."""

    fields = (
        REALM,
        Field("extraConfig", None),
        Field("name"),
        Field("description", initial=""),
        Field("consentScreenText", None, ""),
        Field("includeInTokenScope", "attributes/include.in.token.scope", True, to=quoted),
        Field(
            "includeInOpenidProviderMetadata",
            "attributes/include.in.openid.provider.metadata",
            True,
            to=quoted,
        ),
        Field("guiOrder", "attributes/gui.order", 0, to=lambda order: str(order or "")),
    )
    fixed = frozenset(("realmId",))
    constants = MappingProxyType({"protocol": "openid-connect"})

    def collection(self, work: Work) -> str:
        return path(work.realm, "client-scopes")

    def find(self, work: Work) -> Properties | None:
        return named(work.server.get(self.collection(work)), name=str(work.given["name"]))

    def body(self, work: Work, current: Properties | None, *, stated: bool = False) -> Properties:
        own = super().body(work, current, stated=stated)
        text = work.given.get("consentScreenText") or ""
        shown = {"display.on.consent.screen": quoted(bool(text)), "consent.screen.text": text}
        own["attributes"].update(shown)
        return own
