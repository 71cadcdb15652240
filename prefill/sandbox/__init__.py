"""The embedded stand-in of API Entreprise, with invented companies."""
