"""Fuzzing of what strangers and authors write: identifiers, form files, ESPD documents."""
