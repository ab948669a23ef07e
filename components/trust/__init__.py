"""Who signs for whom: cert-manager, the platform's own authority and the mesh's."""
