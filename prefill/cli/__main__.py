"""`python -m prefill.cli`."""

from prefill.cli import main

main()
