"""The tracking gate: MLflow for people, behind the realm's tokens and the permission matrix.

It stands in front of an MLflow server that knows no users. A request passes when its caller's token is good
(`keys`, `tokens`), its method and path are in the table (`routes`), the caller's roles are granted the
permission that the table names (`permissions`) and, where the grant is `own` only, every experiment that the
request can touch is the caller's (`requests`, `ownership`, `tracking`). Everything else is refused.

Pure: `paths`, `routes`, `permissions`, `requests`, `ownership`. With I/O: `keys`, `tokens`, `tracking`,
`upstream`, `app`. The gate has no secret and keeps no state but caches, so any number of them may run.

Its image, which needs no right and no writable file (the tag is the catalogue's `TRACKING_GATE_IMAGE`; the lab
needs no image and runs this code as it stands):

    podman build -f services/tracking_gate/Containerfile -t ghcr.io/mlops-platform/tracking-gate:TAG .
"""
