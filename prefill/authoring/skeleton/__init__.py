"""A first version of a form, for its author to correct: commented, or guessed from the fields of a page."""
