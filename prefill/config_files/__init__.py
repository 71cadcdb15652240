"""Reading and checking the files that operators and integrators write."""
