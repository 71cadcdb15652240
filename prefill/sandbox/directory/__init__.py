"""The sandbox's stand-in for Recherche d'entreprises: its invented companies, found by whole words."""
