"""The lab's node agent: what the kubelet, kube-proxy and external-secrets do, for processes instead of
containers.

It acts only for pods that are bound to a node and all of whose images have an environment in the lab
(`lab.images`); KWOK simulates every other pod (`stages.py`). Layers, each importing only those above it:
pure decisions (`rewrite`, `containers`, `status`, `stages`, `addresses`), things that touch files, sockets
and processes (`volumes`, `process`, `probes`, `kube`, `watch`), one pod's life (`runner`), and the shell
around them (`cluster`, `services`, `external_secrets`, `__main__`).
"""
