"""What services share that work at their own cluster's API server: the way to it, their health, their start.

Settings (environment): HOST and PORT of the health, ACCOUNT (folder with the account's `token` and `ca.crt`), and
Kubernetes' own KUBERNETES_SERVICE_HOST and _PORT.
"""
