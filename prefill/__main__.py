"""`python -m prefill`."""

import gc

gc.disable()  # what a command imports is never freed; `main` enables it again before the command begins

from prefill.cli import main

main(prog_name="prefill")
