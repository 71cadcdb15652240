"""ESPD documents that somebody sends: read within bounds, completed, held against the registers."""
