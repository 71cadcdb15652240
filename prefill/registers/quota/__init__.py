"""Client-side quota for API Entreprise, shared by processes through Redis."""
