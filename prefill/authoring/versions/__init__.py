"""What changes from one version of a form to another, and what may not change within one."""
