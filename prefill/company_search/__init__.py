"""Companies by name or number, from the State's open API « Recherche d'entreprises »."""
