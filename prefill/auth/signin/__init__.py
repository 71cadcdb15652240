"""Sign-in of agents by OpenID Connect: authorization code with PKCE, sessions kept on the server."""
