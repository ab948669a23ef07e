"""The queues of a cluster: one for each team, all in one cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.gpu import queue_objects
from components.manifest import Manifest, NamespaceRef, declare, name_of
from config.gpu_pool import GpuPool
from config.gpu_queues import GpuQueue


@dataclass(frozen=True, kw_only=True)
class GpuQueuesArgs:
    """`namespaces` are those of each team's tenants. `after` is what brings Kueue's kinds and answers its webhooks;
    `labels` are on every object."""

    pools: Sequence[GpuPool]
    queues: Sequence[GpuQueue]
    namespaces: Mapping[str, Sequence[NamespaceRef]]
    after: Sequence[pulumi.Resource]
    labels: Mapping[str, str]


class GpuQueues(Component, token="mlops:index:GpuQueues"):
    """Flavors and priorities first, then each team's queue, then the way into it from the team's namespaces."""

    def __init__(self, name: str, args: GpuQueuesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        common = args.labels
        grounds = {"topology": queue_objects.topology(common)}
        grounds |= {f"flavor-{pool.name}": queue_objects.flavor(pool, common) for pool in args.pools}
        grounds |= {
            f"priority-{one}": queue_objects.priority_class(one, common) for one in queue_objects.PRIORITIES
        }
        for part, manifest in grounds.items():
            self._declare(part, manifest, args.after)
        for queue in args.queues:
            homes = args.namespaces[queue.team]
            described = queue_objects.cluster_queue(queue, args.pools, [one.name for one in homes], common)
            team = self._declare(f"queue-{queue.team}", described, args.after)
            for home in homes:
                entry = queue_objects.local_queue(queue.team, home, common)
                entry["spec"]["clusterQueue"] = name_of(team)
                self._declare(f"entry-{home.name}", entry, args.after)
        self.register_outputs({})

    def _declare(
        self, part: str, manifest: Manifest, after: Sequence[pulumi.Resource]
    ) -> pulumi.CustomResource:
        # The kinds and their webhook come with the chart, and no value of the chart's says that they are there.
        return declare(self.child(part), manifest, self.opts(depends_on=list(after)))
