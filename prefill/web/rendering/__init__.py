"""JSON renderings of what the service answers."""
