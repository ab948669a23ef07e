"""WL-09. Source: kubescape C-0017; Windows refuses the field, so such pods cannot meet it."""

from __future__ import annotations

from collections.abc import Iterator

from zero_trust.control import Control, Severity
from zero_trust.fields import seen
from zero_trust.pods import Pod


def check(pod: Pod) -> Iterator[str]:
    if pod.windows:
        return
    for container in pod.containers:
        value = container.security.value("readOnlyRootFilesystem")
        if value is not True:
            yield (
                f"{container.where}: securityContext.readOnlyRootFilesystem {seen(value)}; "
                "set it to true and mount an emptyDir where it writes"
            )


CONTROL = Control(
    id="WL-09",
    title="readOnlyRootFilesystem true on every container",
    severity=Severity.MEDIUM,
    anchors=("C-0017", "Pulumi compliance enableReadOnlyRootFilesystem"),
    check=check,
)
