"""The critical mesh controls, as far as one object shows them.

Sources: Istio, "PeerAuthentication", "Security best practices", "RequestAuthentication", "Resource annotations".
"""

from __future__ import annotations

from components.admission.guard import Guard, labelled, not_labelled, resources
from components.admission.pods import ALIVE, BEARERS, TEMPLATE
from components.isolation.namespace import NAME_LABEL
from components.isolation.tenant_namespace import PURPOSE_LABEL
from components.mesh.names import GATEWAYS, SYSTEM, meshed

_GROUP, _VERSIONS = "security.istio.io", ("v1", "v1beta1")
_SPEC = "object.spec"
_STRICT = "['STRICT', 'UNSET']"

STRICT = Guard(
    control="MS-01",
    subject="peer-authentications",
    remedy="mutual TLS is STRICT, on every port; leave the mode out to take the mesh's",
    rules=(resources(_GROUP, "peerauthentications", versions=_VERSIONS),),
    expression=(
        f"!has({_SPEC}) || ((!has({_SPEC}.mtls) || !has({_SPEC}.mtls.mode) || {_SPEC}.mtls.mode in {_STRICT}) && "
        f"(!has({_SPEC}.portLevelMtls) || {_SPEC}.portLevelMtls.all(p, !has({_SPEC}.portLevelMtls[p].mode) || "
        f"{_SPEC}.portLevelMtls[p].mode in {_STRICT})))"
    ),
)

WHOLE_MESH = Guard(
    control="MS-02",
    subject="peer-authentications",
    remedy="the mesh's own PeerAuthentication says STRICT, is called default and is the only one without a selector",
    rules=(resources(_GROUP, "peerauthentications", versions=_VERSIONS),),
    namespaces=(labelled(NAME_LABEL, SYSTEM),),
    expression=(
        f"has({_SPEC}) && (has({_SPEC}.selector) || (object.metadata.name == 'default' && has({_SPEC}.mtls) && "
        f"has({_SPEC}.mtls.mode) && {_SPEC}.mtls.mode == 'STRICT'))"
    ),
)
ALLOW_NOTHING = Guard(
    control="MS-02",
    subject="allow-nothing",
    remedy="the default of a namespace allows nothing, by an empty spec; allow callers by a policy of their own",
    rules=(resources(_GROUP, "authorizationpolicies", versions=_VERSIONS),),
    conditions={"default": "object.metadata.name == 'allow-nothing'"},
    expression=f"!has({_SPEC}) || ((!has({_SPEC}.action) || {_SPEC}.action == 'ALLOW') && "
    + " && ".join(f"!has({_SPEC}.{key})" for key in ("selector", "targetRef", "targetRefs", "rules"))
    + ")",
)

_IDENTITIES = ("principals", "requestPrincipals", "namespaces", "serviceAccounts")
_CONDITION = " || ".join(f"w.key.startsWith('{one}')" for one in ("source.", "request.auth.", "remote.ip"))
_NAMED = " || ".join(
    f"(has(f.source.{key}) && f.source.{key} != [])" for key in (*_IDENTITIES, "ipBlocks", "remoteIpBlocks")
)
_NOT_ALL = " && ".join(f"(!has(f.source.{key}) || !('*' in f.source.{key}))" for key in _IDENTITIES)
_BY_WHEN = f"(has(r.when) && r.when.exists(w, has(w.values) && w.values != [] && ({_CONDITION})))"
_BY_FROM = f"(has(r.from) && r.from != [] && r.from.all(f, has(f.source) && ({_NAMED})))"
_RULES = f"!has({_SPEC}) || !has({_SPEC}.rules) || {_SPEC}.rules"

ALLOW = Guard(
    control="MS-03",
    subject="allow",
    remedy="a rule that allows names who may call, by principal, namespace or request principal, and never *",
    rules=(resources(_GROUP, "authorizationpolicies", versions=_VERSIONS),),
    namespaces=(not_labelled(NAME_LABEL, GATEWAYS),),
    conditions={"allows": f"!has({_SPEC}) || !has({_SPEC}.action) || {_SPEC}.action == 'ALLOW'"},
    expression=(
        f"{_RULES}.all(r, ({_BY_WHEN} || {_BY_FROM}) && "
        f"(!has(r.from) || r.from.all(f, !has(f.source) || ({_NOT_ALL}))) && "
        f"(!has(r.when) || r.when.all(w, !({_CONDITION}) || !has(w.values) || !('*' in w.values))))"
    ),
)
DENY = Guard(
    control="MS-03",
    subject="deny",
    remedy="a rule that denies by notPaths alone is got round by another spelling; allow by paths",
    rules=(resources(_GROUP, "authorizationpolicies", versions=_VERSIONS),),
    conditions={"denies": f"has({_SPEC}) && has({_SPEC}.action) && {_SPEC}.action == 'DENY'"},
    expression=(
        f"{_RULES}.all(r, !has(r.to) || r.to.all(t, !has(t.operation) || !has(t.operation.notPaths) || "
        "t.operation.exists(k, !(k.startsWith('not')))))"
    ),
)

_OVERRIDES = {
    "sidecar.istio.io/bootstrapOverride": None,
    "sidecar.istio.io/discoveryAddress": None,
    "sidecar.istio.io/interceptionMode": "REDIRECT",
    "sidecar.istio.io/proxyImage": None,
    "traffic.sidecar.istio.io/excludeInboundPorts": "15020",
    "traffic.sidecar.istio.io/excludeInterfaces": None,
    "traffic.sidecar.istio.io/excludeOutboundIPRanges": None,
    "traffic.sidecar.istio.io/excludeOutboundPorts": None,
    "traffic.sidecar.istio.io/includeInboundPorts": "*",
    "traffic.sidecar.istio.io/includeOutboundIPRanges": "*",
    "traffic.sidecar.istio.io/includeOutboundPorts": None,
    "traffic.sidecar.istio.io/kubevirtInterfaces": None,
}
"""Annotation to the value that injection itself writes into a pod, None where it writes none."""

_META = "variables.template.metadata"


def _kept_in(where: str) -> str:
    """CEL: nothing in the labels or annotations takes the pod out of the mesh."""
    at = f"{_META}.{where}"
    rules = [
        f"(!('sidecar.istio.io/inject' in {at}) || {at}['sidecar.istio.io/inject'] == 'true')",
        f"(!('istio.io/dataplane-mode' in {at}) || {at}['istio.io/dataplane-mode'] != 'none')",
        *(
            f"(!('{key}' in {at})" + (f" || ({_INJECTED} && {at}['{key}'] == '{value}'))" if value else ")")
            for key, value in _OVERRIDES.items()
        ),
    ]
    return f"(!has({at}) || ({' && '.join(rules)}))"


_INJECTED = "request.kind.kind == 'Pod'"
MEMBER_PODS = Guard(
    control="MS-07",
    subject="pods",
    remedy="no label or annotation takes a pod out of the mesh or changes its proxy; remove it",
    rules=BEARERS,
    conditions=ALIVE,
    namespaces=tuple(labelled(key, *((value,) if value else ())) for key, value in meshed().items()),
    variables=TEMPLATE,
    expression=f"!has({_META}) || ({_kept_in('labels')} && {_kept_in('annotations')})",
)
_LABELS = "object.metadata.labels"
MEMBER_NAMESPACES = Guard(
    control="MS-07",
    subject="namespaces",
    remedy="a tenant's namespace has one label of the mesh: istio.io/rev, istio-injection or the ambient mode",
    rules=(resources("", "namespaces"),),
    namespaces=(labelled(PURPOSE_LABEL),),
    expression=(
        f"('istio.io/rev' in {_LABELS} && {_LABELS}['istio.io/rev'] != '' ? 1 : 0) + "
        f"('istio-injection' in {_LABELS} && {_LABELS}['istio-injection'] == 'enabled' ? 1 : 0) + "
        f"('istio.io/dataplane-mode' in {_LABELS} && {_LABELS}['istio.io/dataplane-mode'] == 'ambient' ? 1 : 0)"
        " == 1"
    ),
)

MESH_GUARDS = (STRICT, WHOLE_MESH, ALLOW_NOTHING, ALLOW, DENY, MEMBER_PODS, MEMBER_NAMESPACES)


def tokens(issuer: str) -> Guard:
    """Tokens count if the platform's realm signed them; `issuer` is its address. Keys written into the object would
    let whoever writes it sign as the realm; `jwks_uri` is the old spelling of `jwksUri`."""
    return Guard(
        control="MS-05",
        subject="request-authentications",
        remedy="tokens are the platform realm's alone, checked with the realm's own keys over https",
        rules=(resources(_GROUP, "requestauthentications", versions=_VERSIONS),),
        expression=(
            f"!has({_SPEC}) || !has({_SPEC}.jwtRules) || {_SPEC}.jwtRules.all(j, has(j.issuer) && "
            f"j.issuer == '{issuer}' && !has(j.jwks) && !has(j.jwks_uri) && "
            f"(!has(j.jwksUri) || j.jwksUri.startsWith('{issuer}/')))"
        ),
    )
