"""Who is who: the Keycloak realm and the server it runs on."""
