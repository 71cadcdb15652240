"""Fill public tender forms from a SIRET, with the French company registers."""

__version__ = "0.2.0"
