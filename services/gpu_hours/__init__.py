"""GPU-hours: what teams and engineers used this month, and an end to admission once their budget is spent.

It reads what Kueue admitted (Workloads), counts in parts of a GPU, and keeps its account in a ConfigMap, since a
Workload goes with its job. A team that has spent its budget gets its ClusterQueue held, so that what runs may end and
nothing new starts; an engineer who has, gets the Workloads deactivated that still wait, and within a minute those that
Kueue admits all the same. A new month opens both again. What somebody else held or deactivated is left as it is.

Development environments that use their GPU less than a bound are warned, and stopped if that goes on; utilisation comes
from DCGM's exporters.

Settings (environment) besides those of `in_cluster`: SETTINGS, a JSON file (`gpu_hours.settings`), and NAMESPACE, where
the account is kept.
"""
