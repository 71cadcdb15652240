"""The DUME as ESPD XML: documents written, completed and read."""
