"""Pure rules and data of the field: identifiers, catalogue of sources, answers, access."""
