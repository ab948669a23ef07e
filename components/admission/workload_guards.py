"""The critical workload controls: on what bears a pod, where the namespace's Pod Security label judges pods alone,
and on the label itself."""

from __future__ import annotations

from components.admission.guard import Guard, labelled, not_labelled, resources
from components.admission.pods import ALIVE, BEARERS, CONTAINERS
from components.isolation.namespace import NAME_LABEL
from components.labels import PART_OF, PLATFORM

SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
"""Made by Kubernetes, and home of what a node needs."""

_PLATFORM = (labelled(PART_OF, PLATFORM),)
_ENFORCE = "pod-security.kubernetes.io/enforce"
_LABELS = "object.metadata.labels"

PRIVILEGED = Guard(
    control="WL-01",
    subject="pods",
    remedy="no container may be privileged; ask for the one capability that is needed",
    rules=BEARERS,
    conditions=ALIVE,
    namespaces=_PLATFORM,
    variables=CONTAINERS,
    expression=(
        "variables.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged) || "
        "c.securityContext.privileged == false)"
    ),
)
HOST_ACCESS = Guard(
    control="WL-02",
    subject="pods",
    remedy="no hostNetwork, hostPID, hostIPC or hostPort; offer a Service instead",
    rules=BEARERS,
    conditions=ALIVE,
    namespaces=_PLATFORM,
    variables=CONTAINERS,
    expression=" && ".join(
        (
            *(
                f"(!has(variables.pod.{key}) || variables.pod.{key} == false)"
                for key in ("hostNetwork", "hostPID", "hostIPC")
            ),
            "variables.containers.all(c, !has(c.ports) || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0))",
        )
    ),
)
HOST_PATH = Guard(
    control="WL-03",
    subject="pods",
    remedy="no hostPath volume; use an emptyDir, a claim or a CSI volume",
    rules=BEARERS,
    conditions=ALIVE,
    namespaces=_PLATFORM,
    variables=CONTAINERS,
    expression="!has(variables.pod.volumes) || variables.pod.volumes.all(v, !has(v.hostPath))",
)
POD_SECURITY = Guard(
    control="WL-13",
    subject="namespaces",
    remedy="a namespace enforces Pod Security restricted, at a pinned version such as v1.36",
    rules=(resources("", "namespaces"),),
    namespaces=(not_labelled(NAME_LABEL, *SYSTEM_NAMESPACES),),
    expression=(
        f"has({_LABELS}) && '{_ENFORCE}' in {_LABELS} && {_LABELS}['{_ENFORCE}'] == 'restricted' && "
        f"'{_ENFORCE}-version' in {_LABELS} && {_LABELS}['{_ENFORCE}-version'].matches('^v1[.][0-9]+$')"
    ),
)

WORKLOAD_GUARDS = (PRIVILEGED, HOST_ACCESS, HOST_PATH, POD_SECURITY)
