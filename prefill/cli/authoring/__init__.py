"""The commands of form authors, beside `schema check` and `schema show`."""
