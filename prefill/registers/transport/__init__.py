"""HTTP calls to API Entreprise: connection, credentials, bounds of time and size, decoding."""
