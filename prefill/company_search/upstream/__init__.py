"""The client of Recherche d'entreprises: parameters, HTTP, records, cache, quota, circuit breaker."""
