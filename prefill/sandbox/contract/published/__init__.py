"""What API Entreprise publishes of its contract: endpoints, error codes, the form of its numbers."""
