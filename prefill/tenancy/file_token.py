"""The secrets of a tenant, fetched from where the tenants file says that they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from prefill.addresses import BadValue
from prefill.config_files.diagnostics import short_name
from prefill.config_files.schema import Steps
from prefill.config_files.source_file import SourceFile, UnreadableFile, read_bytes
from prefill.settings import read_token

TOKEN, CLIENT_SECRET = "token", "client_secret"
NOUNS = {TOKEN: "le jeton", CLIENT_SECRET: "le secret"}


class _NoToken(Exception):
    """Why there is no token where the file says."""


class TokenReader:
    """Reads tokens from variables and from files; `files` are those it read. A token is in no message."""

    def __init__(self, file: SourceFile, environ: Mapping[str, str]) -> None:
        self._file = file
        self._environ = environ
        self.files: list[Path] = []

    def read(self, place: Steps, tree: Mapping[str, Any], secret: str = TOKEN) -> str:
        """Return a secret of a tenant; empty, and a diagnostic, when there is none."""
        readers: Mapping[str, Callable[[str], str]] = {
            f"{secret}_env": self._variable,
            f"{secret}_file": self._content,
        }
        keys = [key for key in readers if key in tree]
        if len(keys) != 1:
            if all(self._file.is_valid((*place, key)) for key in (secret, *readers)):
                message = f"dites où est {NOUNS[secret]} : {secret}_env (une variable) ou {secret}_file (un fichier), pas les deux"
                self._file.report(place, message)
            return ""
        [key] = keys
        try:
            return read_token(readers[key](tree[key]))
        except BadValue as fault:
            self._file.report((*place, key), f"{NOUNS[secret]} {fault}")
        except _NoToken as fault:
            self._file.report((*place, key), str(fault))
        return ""

    def _variable(self, name: str) -> str:
        token = self._environ.get(name, "").strip()
        if not token:
            raise _NoToken(f"la variable {name} est absente ou vide")
        return token

    def _content(self, name: str) -> str:
        path = self._file.beside(name)
        self.files.append(path)
        try:
            token = read_bytes(path).decode("ascii").strip()
        except OSError as fault:
            raise _NoToken(f"le fichier « {short_name(path)} » ne peut pas être lu : {fault.strerror}") from fault
        except (UnreadableFile, UnicodeDecodeError):
            raise _NoToken(f"le fichier « {short_name(path)} » ne contient pas qu'un jeton") from None
        if not token:
            raise _NoToken(f"le fichier « {short_name(path)} » est vide")
        return token
