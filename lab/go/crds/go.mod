module crds

go 1.26.0

require (
	github.com/cilium/cilium v1.20.2
	github.com/external-secrets/external-secrets v1.3.2
	istio.io/api v1.31.1
)
