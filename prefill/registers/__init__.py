"""The client of API Entreprise: cache, single flight, circuit breaker, quota, HTTP."""
