"""The contract of API Entreprise, enforced: endpoints, tokens, quotas, refusals, faults, and a server on loopback."""
