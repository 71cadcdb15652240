"""A draft of a form, filled on the sandbox: in a process of its own, since its expressions are a stranger's."""
