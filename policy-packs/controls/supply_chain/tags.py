"""SC-02. Source: KSV-0013; an image without a tag is `latest`."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity, on_pod
from controls.fields import seen
from controls.pods import KINDS, Pod
from controls.supply_chain.images import Image, images


def check(pod: Pod) -> Iterator[str]:
    for where, image in images(pod):
        if not isinstance(image, str) or not image:
            yield f"{where} {seen(image or None)}; write it out with a tag or a digest"
        elif Image(image).tag in {"", "latest"} and not Image(image).has_digest:
            yield f"{where} has no tag, or latest; name a version, best by its digest"


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers: [{name: app, image: "registry.example:5000/app"}]
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers: [{name: app, image: "registry.example:5000/app:1.4"}]
"""

CONTROL = Control(
    id="SC-02",
    title="No image without a tag, or with latest, unless pinned by digest",
    severity=Severity.HIGH,
    anchors=("KSV-0013", "CKV_K8S_14"),
    why="`latest` is another image tomorrow: a restart becomes a deployment that nobody made, or cannot undo.",
    fix="Name a version, best together with its digest.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
