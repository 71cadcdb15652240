"""The grammar of form files as a JSON Schema, for editors."""
