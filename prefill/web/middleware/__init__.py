"""What runs around every request: hooks, access log, response cache."""
