"""What the upstream publishes of its API, held against what this service relies on."""
