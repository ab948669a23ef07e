module crds

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.21.1
	github.com/cilium/cilium v1.20.2
	github.com/external-secrets/external-secrets v1.3.2
	istio.io/api v1.31.1
	sigs.k8s.io/gateway-api v1.6.1
)
