"""The zero-trust controls: pure judgements of Kubernetes objects, and their registration with Pulumi.

`fields` and `pods` read any input without raising; `workloads` holds one control a file; `catalogue` lists
them; `judge` applies them with a `settings.Settings`. Only `sdk` imports Pulumi.
"""
