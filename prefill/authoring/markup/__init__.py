"""The page of a form: its parts and controls, and the markup that an integrator copies."""

from __future__ import annotations

from prefill.authoring.markup.kits import KITS, Script, write_page
from prefill.authoring.markup.layout import Control, Kind, Part, lay_out

__all__ = ["KITS", "Control", "Kind", "Part", "Script", "lay_out", "write_page"]
