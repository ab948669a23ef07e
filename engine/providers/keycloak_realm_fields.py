"""What is said of a realm itself, as fields of its one document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from engine.providers.keycloak_fields import Field, quoted, renamed, seconds
from engine.values import Properties

_DURATIONS = (
    "ssoSessionIdleTimeout",
    "ssoSessionIdleTimeoutRememberMe",
    "ssoSessionMaxLifespan",
    "ssoSessionMaxLifespanRememberMe",
    "offlineSessionIdleTimeout",
    "offlineSessionMaxLifespan",
    "clientSessionIdleTimeout",
    "clientSessionMaxLifespan",
    "accessTokenLifespan",
    "accessTokenLifespanForImplicitFlow",
    "accessCodeLifespan",
    "accessCodeLifespanLogin",
    "accessCodeLifespanUserAction",
    "actionTokenGeneratedByUserLifespan",
    "actionTokenGeneratedByAdminLifespan",
    "oauth2DeviceCodeLifespan",
)
_LOGIN = (
    "registrationAllowed",
    "registrationEmailAsUsername",
    "editUsernameAllowed",
    "resetPasswordAllowed",
    "rememberMe",
    "verifyEmail",
    "loginWithEmailAllowed",
    "duplicateEmailsAllowed",
)
_LEFT_ALONE = (
    "loginTheme",
    "accountTheme",
    "adminTheme",
    "emailTheme",
    "defaultSignatureAlgorithm",
    "oauth2DevicePollingInterval",
    "adminPermissionsEnabled",
    "defaultDefaultClientScopes",
    "defaultOptionalClientScopes",
    "browserFlow",
    "registrationFlow",
    "directGrantFlow",
    "resetCredentialsFlow",
    "clientAuthenticationFlow",
    "dockerAuthenticationFlow",
    "firstBrokerLoginFlow",
)
_HEADERS = renamed(
    (
        Field(
            "contentSecurityPolicy", default="frame-src 'self'; frame-ancestors 'self'; object-src 'none';"
        ),
        Field("contentSecurityPolicyReportOnly", default=""),
        Field("strictTransportSecurity", default="max-age=31536000; includeSubDomains"),
        Field("xContentTypeOptions", default="nosniff"),
        Field("xFrameOptions", default="SAMEORIGIN"),
        Field("xRobotsTag", default="none"),
        Field("xXssProtection", "xXSSProtection", "1; mode=block"),
        Field("referrerPolicy", default="no-referrer"),
    )
)
_BRUTE_FORCE = renamed(
    (
        Field("permanentLockout", default=False),
        Field("bruteForceStrategy", default="MULTIPLE", choices=("LINEAR", "MULTIPLE")),
        Field("maxTemporaryLockouts", default=0),
        Field("maxSecondaryAuthFailures", default=0),
        Field("maxLoginFailures", "failureFactor", 30),
        Field("waitIncrementSeconds", default=60),
        Field("quickLoginCheckMilliSeconds", default=1000),
        Field("minimumQuickLoginWaitSeconds", default=60),
        Field("maxFailureWaitSeconds", default=900),
        Field("failureResetTimeSeconds", "maxDeltaTimeSeconds", 43200),
    )
)
_OTP = renamed(
    (
        Field("type", "otpPolicyType", "totp", choices=("totp", "hotp")),
        Field("algorithm", "otpPolicyAlgorithm", "HmacSHA1"),
        Field("digits", "otpPolicyDigits", 6),
        Field("initialCounter", "otpPolicyInitialCounter", 2),
        Field("lookAheadWindow", "otpPolicyLookAheadWindow", 1),
        Field("period", "otpPolicyPeriod", 30),
        Field("codeReusable", "otpPolicyCodeReusable", False),
    )
)
_SMTP_LOGIN = renamed((Field("username", "user"), Field("password")))
_SMTP_TOKEN = renamed(
    (
        Field("username", "user"),
        Field("url", "authTokenUrl"),
        Field("clientId", "authTokenClientId"),
        Field("clientSecret", "authTokenClientSecret"),
        Field("scope", "authTokenScope"),
    )
)
_SMTP = renamed(
    (
        Field("starttls", default=False, to=quoted),
        Field("ssl", default=False, to=quoted),
        Field("allowUtf8", "allowutf8", False, to=quoted),
        *(
            Field(name)
            for name in ("host", "port", "from", "fromDisplayName", "replyTo", "replyToDisplayName")
        ),
        Field("envelopeFrom"),
        Field("auth", "*", to=lambda auth: {"auth": "true", "authType": "basic", **_SMTP_LOGIN(auth)}),
        Field("tokenAuth", "*", to=lambda auth: {"auth": "true", "authType": "token", **_SMTP_TOKEN(auth)}),
    )
)
_WEB_AUTHN = {
    "acceptableAaguids": "AcceptableAaguids",
    "attestationConveyancePreference": "AttestationConveyancePreference",
    "authenticatorAttachment": "AuthenticatorAttachment",
    "avoidSameAuthenticatorRegister": "AvoidSameAuthenticatorRegister",
    "createTimeout": "CreateTimeout",
    "discoverableCredential": "ResidentKey",
    "extraOrigins": "ExtraOrigins",
    "passwordlessPasskeysEnabled": "PasskeysEnabled",
    "relyingPartyEntityName": "RpEntityName",
    "relyingPartyId": "RpId",
    "requireResidentKey": "RequireResidentKey",
    "signatureAlgorithms": "SignatureAlgorithms",
    "userVerificationRequirement": "UserVerificationRequirement",
}


def _defenses(given: Properties) -> Properties:
    guarded = given.get("bruteForceDetection")
    return {
        "browserSecurityHeaders": _HEADERS(given.get("headers") or {}),
        "bruteForceProtected": guarded is not None,
        **_BRUTE_FORCE(guarded or {}),
    }


def _languages(given: Properties) -> Properties:
    return {
        "internationalizationEnabled": bool(given),
        "supportedLocales": given.get("supportedLocales") or [],
        "defaultLocale": given.get("defaultLocale") or "",
    }


def _web_authn(prefix: str) -> Callable[[Properties], Properties]:
    return renamed(Field(name, f"{prefix}{key}") for name, key in _WEB_AUTHN.items())


def _fields() -> Iterator[Field]:
    yield Field("realm")
    yield Field("internalId", None)
    yield Field("attributes", None)
    yield Field("terraformDeletionProtection", None, False)
    yield Field("enabled", default=True)
    yield Field("displayName", initial="")
    yield Field("displayNameHtml", initial="")
    yield Field("userManagedAccess", "userManagedAccessAllowed", False)
    yield Field("organizationsEnabled", default=False)
    yield Field("sslRequired", default="external", choices=("none", "external", "all"))
    yield Field("revokeRefreshToken", default=False)
    yield Field("refreshTokenMaxReuse", default=0)
    yield Field("offlineSessionMaxLifespanEnabled", default=False)
    yield Field("passwordPolicy", default="")
    yield Field("smtpServer", default={}, to=lambda given: _SMTP(given) if given else {})
    yield Field("internationalization", "*", {}, to=_languages)
    yield Field("securityDefenses", "*", {}, to=_defenses)
    yield Field("otpPolicy", "*", to=_OTP)
    yield Field("webAuthnPolicy", "*", to=_web_authn("webAuthnPolicy"))
    yield Field("webAuthnPasswordlessPolicy", "*", to=_web_authn("webAuthnPolicyPasswordless"))
    yield from (Field(name, initial=False) for name in _LOGIN)
    yield from (Field(name, to=seconds) for name in _DURATIONS)
    yield from (Field(name) for name in _LEFT_ALONE)


FIELDS: Final = tuple(_fields())
