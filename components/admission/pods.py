"""Where each kind that bears a pod keeps it, for the expressions of admission policies."""

from __future__ import annotations

from components.admission.guard import resources

BEARERS = (
    resources("", "pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers"),
    resources("apps", "deployments", "replicasets", "statefulsets", "daemonsets"),
    resources("batch", "jobs", "cronjobs"),
)
"""A Deployment that no pod could come of is refused at once, and not by its pods that never come."""

ALIVE = {"alive": "!has(object.metadata.deletionTimestamp)"}
"""Whatever is on its way out may go, and be changed for that."""

_KIND = "request.kind.kind"
TEMPLATE = {
    "template": (
        f"{_KIND} == 'Pod' ? object : "
        f"{_KIND} == 'CronJob' ? object.spec.jobTemplate.spec.template : "
        f"{_KIND} == 'PodTemplate' ? object.template : object.spec.template"
    )
}
CONTAINERS = {
    **TEMPLATE,
    "pod": "variables.template.spec",
    "containers": " + ".join(
        f"(has(variables.pod.{group}) ? variables.pod.{group} : [])"
        for group in ("containers", "initContainers", "ephemeralContainers")
    ),
}
IMAGES = {
    **CONTAINERS,
    "volumes": "has(variables.pod.volumes) ? variables.pod.volumes : []",
    "mounted": "variables.volumes.filter(v, has(v.image))",
    "images": (
        "variables.containers.map(c, has(c.image) ? c.image : '') + "
        "variables.mounted.map(v, has(v.image.reference) ? v.image.reference : '')"
    ),
}
"""Of containers, and of volumes that are images."""
