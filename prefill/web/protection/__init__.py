"""Protection from clients that ask too much, or from pages that may not ask."""
