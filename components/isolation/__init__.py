"""What keeps tenants apart: namespaces, quotas, hardened pods and default deny."""
