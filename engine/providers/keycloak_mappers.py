"""Protocol mappers: each type is a row of a table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.providers.keycloak_fields import Field, quoted
from engine.providers.keycloak_objects import REALM, Objects
from engine.providers.keycloak_server import path
from engine.providers.keycloak_work import Kind, Work, named
from engine.values import Properties

_PLACE: Final = (REALM, Field("clientId", None), Field("clientScopeId", None), Field("name"))
_TYPES: Final = ("JSON", "String", "long", "int", "boolean")


def _flag(name: str, key: str, default: bool = True) -> Field:
    return Field(name, f"config/{key}", default, to=quoted)


_ID: Final = _flag("addToIdToken", "id.token.claim")
_ACCESS: Final = _flag("addToAccessToken", "access.token.claim")
_USERINFO: Final = _flag("addToUserinfo", "userinfo.token.claim")
_INTROSPECTION: Final = _flag("addToTokenIntrospection", "introspection.token.claim")
_TOKENS: Final = (_ID, _ACCESS, _USERINFO)
_CLAIM: Final = Field("claimName", "config/claim.name")
_TYPED: Final = (_CLAIM, Field("claimValueType", "config/jsonType.label", "String", choices=_TYPES))
_MULTIVALUED: Final = _flag("multivalued", "multivalued", default=False)


class Mappers(Objects):
    """Mappers of one kind, each of a client or of a client scope."""

    def __init__(self, mapper: str, *fields: Field, renames: bool = True) -> None:
        self.fields = (*_PLACE, *fields)
        self.fixed = frozenset(
            (
                "realmId",
                "clientId",
                "clientScopeId",
                "protocol",
                "protocolMapper",
                *(() if renames else ("name",)),
            )
        )
        self.constants = {"protocol": "openid-connect", "protocolMapper": mapper}

    def collection(self, work: Work) -> str:
        scope = work.given.get("clientScopeId")
        of = ("client-scopes", str(scope)) if scope else ("clients", str(work.given["clientId"]))
        return path(work.realm, *of, "protocol-mappers", "models")

    def find(self, work: Work) -> Properties | None:
        return named(work.server.get(self.collection(work)), name=work.given["name"])

    def import_id(self, work: Work, found: Properties) -> str:
        scope = work.given.get("clientScopeId")
        of = f"client-scope/{scope}" if scope else f"client/{work.given['clientId']}"
        return f"{work.realm}/{of}/{found['id']}"


_GENERIC: Final = Mappers("", Field("protocol"), Field("protocolMapper"), Field("config"), renames=False)

MAPPERS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "keycloak:index/genericProtocolMapper:GenericProtocolMapper": _GENERIC,
        "keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper": Mappers(
            "oidc-audience-mapper",
            _ID,
            _ACCESS,
            _INTROSPECTION,
            Field("includedClientAudience", "config/included.client.audience", ""),
            Field("includedCustomAudience", "config/included.custom.audience", ""),
        ),
        "keycloak:openid/audienceResolveProtocolMapper:AudienceResolveProtocolMapper": Mappers(
            "oidc-audience-resolve-mapper", renames=False
        ),
        "keycloak:openid/fullNameProtocolMapper:FullNameProtocolMapper": Mappers(
            "oidc-full-name-mapper", *_TOKENS, renames=False
        ),
        "keycloak:openid/groupMembershipProtocolMapper:GroupMembershipProtocolMapper": Mappers(
            "oidc-group-membership-mapper",
            *_TOKENS,
            _flag("addToTokenIntrospection", "introspection.token.claim", default=False),
            _CLAIM,
            _flag("fullPath", "full.path"),
            renames=False,
        ),
        "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper": Mappers(
            "oidc-hardcoded-claim-mapper", *_TOKENS, *_TYPED, Field("claimValue", "config/claim.value")
        ),
        "keycloak:openid/subProtocolMapper:SubProtocolMapper": Mappers(
            "oidc-sub-mapper", _ACCESS, _INTROSPECTION
        ),
        "keycloak:openid/userAttributeProtocolMapper:UserAttributeProtocolMapper": Mappers(
            "oidc-usermodel-attribute-mapper",
            *_TOKENS,
            _INTROSPECTION,
            *_TYPED,
            _MULTIVALUED,
            Field("userAttribute", "config/user.attribute"),
            _flag("aggregateAttributes", "aggregate.attrs", default=False),
        ),
        "keycloak:openid/userClientRoleProtocolMapper:UserClientRoleProtocolMapper": Mappers(
            "oidc-usermodel-client-role-mapper",
            *_TOKENS,
            *_TYPED,
            _MULTIVALUED,
            Field("clientIdForRoleMappings", "config/usermodel.clientRoleMapping.clientId", ""),
            Field("clientRolePrefix", "config/usermodel.clientRoleMapping.rolePrefix", ""),
        ),
        "keycloak:openid/userPropertyProtocolMapper:UserPropertyProtocolMapper": Mappers(
            "oidc-usermodel-property-mapper",
            *_TOKENS,
            *_TYPED,
            Field("userProperty", "config/user.attribute"),
        ),
        "keycloak:openid/userRealmRoleProtocolMapper:UserRealmRoleProtocolMapper": Mappers(
            "oidc-usermodel-realm-role-mapper",
            *_TOKENS,
            _INTROSPECTION,
            *_TYPED,
            _MULTIVALUED,
            Field("realmRolePrefix", "config/usermodel.realmRoleMapping.rolePrefix", ""),
        ),
        "keycloak:openid/userSessionNoteProtocolMapper:UserSessionNoteProtocolMapper": Mappers(
            "oidc-usersessionmodel-note-mapper",
            *_TOKENS,
            _INTROSPECTION,
            *_TYPED,
            Field("sessionNote", "config/user.session.note", ""),
        ),
    }
)
"""The kind of each mapper type."""
