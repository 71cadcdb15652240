"""`python -m prefill`."""

from prefill.cli import main

main(prog_name="prefill")
