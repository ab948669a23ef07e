"""MS-05. Sources: Istio, "RequestAuthentication" and "JWT claim based routing"; IST0149 and IST0175."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, fields, seen, text
from controls.item import Item
from controls.mesh.names import AUTHORIZATION, REQUEST_AUTHENTICATION, VIRTUAL_SERVICE, charts
from controls.settings import Settings
from controls.stack import Stack, where

_REALM: Final = "keycloak:index/realm:Realm"
_CLAIM: Final = "@request.auth.claims"
_CONDITIONS: Final = "request.auth."
_BLOCKED: Final = "BLOCKED_CIDRS_IN_JWKS_URIS"


def check(stack: Stack, settings: Settings) -> Iterator[tuple[Item, str]]:
    realms = [text(realm.fields.value("realm")) for realm in stack.of(_REALM)]
    for authentication in stack.of(REQUEST_AUTHENTICATION):
        if not any(
            demands(one, authentication) for one in stack.of_namespace(where(authentication), AUTHORIZATION)
        ):
            yield (
                authentication,
                (
                    "request-principals: no AuthorizationPolicy on the same workloads demands requestPrincipals, so "
                    "a caller without a token passes; add one"
                ),
            )
        for fault in _issuers(authentication, realms):
            yield authentication, f"issuer: {fault}"
    yield from _routing(stack, settings)
    yield from _fetching(stack, settings)


def demands(policy: Item, authentication: Item) -> bool:
    """Whether a policy on the same workloads, or on more, lets only callers with a token through.

    A condition on what a token says matches no request without one (Istio, "Authorization Policy Conditions").
    """
    if not _as_wide(policy.spec, authentication.spec):
        return False
    rules = policy.spec.entries("rules")
    sources = [entry.section("source") for rule in rules for entry in rule.entries("from")]
    if policy.spec.value("action") == "DENY":
        return any("*" in source.values("notRequestPrincipals") for source in sources)
    return policy.spec.value("action") in (None, "ALLOW") and (
        any(source.values("requestPrincipals") for source in sources)
        or any(_asks_of_token(condition) for rule in rules for condition in rule.entries("when"))
    )


def _asks_of_token(condition: Fields) -> bool:
    return text(condition.value("key")).startswith(_CONDITIONS) and bool(condition.values("values"))


def _as_wide(policy: Fields, authentication: Fields) -> bool:
    for key in ("targetRef", "targetRefs"):
        if policy.value(key) is not None:
            return policy.value(key) == authentication.value(key)
    wanted = dict(policy.section("selector").section("matchLabels").present())
    given = dict(authentication.section("selector").section("matchLabels").present())
    return wanted.items() <= given.items() if _plain(wanted) and _plain(given) else wanted == given


def _plain(labels: dict[str, object]) -> bool:
    return all(isinstance(value, str) for value in labels.values())


def _issuers(authentication: Item, realms: list[str]) -> Iterator[str]:
    for index, rule in enumerate(authentication.spec.entries("jwtRules")):
        at = f"spec.jwtRules[{index}]"
        issuer, keys = rule.value("issuer"), rule.value("jwksUri")
        for name, value in (("issuer", issuer), ("jwksUri", keys)):
            if (value is not None or name == "issuer") and not text(value).startswith("https://"):
                detail = seen(value) if not isinstance(value, str) else "is not https"
                yield f"{at}.{name} {detail}; use the realm's https address"
        for name in ("jwks", "jwks_uri"):
            if rule.value(name) is not None:
                yield f"{at}.{name} takes keys from elsewhere than the realm; leave it out, or use jwksUri"
        ours = [realm for realm in realms if realm and text(issuer).endswith(f"/realms/{realm}")]
        if realms and not ours and text(issuer):
            yield f"{at}.issuer is not the stack's Keycloak realm; use its address"
        elif realms and text(keys) and not text(keys).startswith(text(issuer)):
            yield f"{at}.jwksUri is not below its issuer; use the realm's own keys"


def _routing(stack: Stack, settings: Settings) -> Iterator[tuple[Item, str]]:
    for service in stack.of(VIRTUAL_SERVICE):
        if not any(key.startswith(_CLAIM) for key in _headers(service)):
            continue
        near = {service.namespace, settings.mesh_root_namespace, *settings.gateway_namespaces}
        if not any(stack.of_namespace((service.cluster, one), REQUEST_AUTHENTICATION) for one in near):
            yield service, "claim-routing: it routes by a claim that no RequestAuthentication checks; add one"


def _headers(service: Item) -> Iterator[str]:
    for route in service.spec.entries("http"):
        for match in route.entries("match"):
            for key in ("headers", "withoutHeaders"):
                yield from (name for name, _ in match.section(key).present())


def _fetching(stack: Stack, settings: Settings) -> Iterator[tuple[Item, str]]:
    """IST0175: istiod fetches whatever address a jwksUri names, of the cloud's metadata also."""
    for cluster in stack.clusters:
        if not stack.of_cluster(cluster, REQUEST_AUTHENTICATION):
            continue
        root = (cluster, settings.mesh_root_namespace)
        servers = [
            (one, _environment(one))
            for one in stack.of_namespace(root, "Deployment.apps")
            if one.labels.value("app") == "istiod"
        ]
        servers += [
            (chart, chart.fields.section("values").section("env"))
            for chart in charts(stack, "istiod")
            if chart.cluster == cluster
        ]
        for server, environment in servers:
            if environment.value(_BLOCKED) in (None, "", Unproved.MALFORMED):
                yield (
                    server,
                    f"jwks-fetch: istiod's {_BLOCKED} is not set; name the ranges that no key comes from",
                )


def _environment(server: Item) -> Fields:
    containers = server.pod.containers if server.pod is not None else ()
    entries = [entry for container in containers for entry in container.fields.entries("env")]
    return fields(
        {text(entry.value("name")): entry.value("value") for entry in entries if not entry.unproved}
    )


BAD = """\
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: team}
spec:
  selector: {matchLabels: {app: web}}
  jwtRules: [{issuer: https://id.example.com/realms/ml}]
"""

GOOD = f"""\
{BAD}---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: people, namespace: team}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  rules: [{{from: [{{source: {{requestPrincipals: [https://id.example.com/realms/ml/*]}}}}]}}]
"""

CONTROL = Control(
    id="MS-05",
    title=(
        "JWT: each RequestAuthentication has an AuthorizationPolicy that demands requestPrincipals on the same "
        "workloads; issuer and jwksUri are https and of the stack's Keycloak realm; claim-routing only with one; "
        "jwks-fetch from istiod is restricted"
    ),
    severity=Severity.CRITICAL,
    anchors=("IST0149", "IST0175", "Istio JWT docs"),
    why="A RequestAuthentication alone refuses bad tokens and lets those through who bring none.",
    fix="Add an ALLOW policy with requestPrincipals of the realm on the same workloads.",
    bad=BAD,
    good=GOOD,
    check_stack=check,
)
