"""From a resolved form file to a compiled form, or to the list of its mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prefill.config_files.schema import hint
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.permissions import refusal
from prefill.domain.roles import Role
from prefill.domain.sources import Source
from prefill.forms.expressions import BadExpression, Expression, compile_expression, function_names
from prefill.forms.form_file import POINTER, POINTER_FAULTS, REQUIRED, FormFile
from prefill.forms.inheritance import FieldDeclaration, ResolvedForm
from prefill.forms.model import Field, Form, ListItem, Type, ValueSource, list_of


class FormCompiler:
    """Check one form and compile it; each mistake lands in the file that makes it."""

    def __init__(self, file: FormFile, resolved: ResolvedForm) -> None:
        self._file = file
        self._resolved = resolved
        self._fields = resolved.fields

    def form(self) -> Form:
        """Compile what can be: a form with blocking mistakes is never served."""
        self._check_header()
        parts = tuple(self._field(written) for written in self._fields.values())
        self._check_clashes()
        self._check_aliases()
        self._check_sections()
        header = self._resolved.header
        return Form(
            id=self._file.id,
            title=header.get("title", ""),
            version=header.get("version", ""),
            audience=self._resolved.audience,
            fields=tuple(part for part in parts if part),
            description=header.get("description", ""),
            file=self._file.name,
            sections=self._resolved.sections,
        )

    def _check_header(self) -> None:
        if not self._resolved.whole:
            return
        root = self._resolved.lineage[0]
        for key, meaning in REQUIRED.items():
            if key not in self._resolved.header and root.is_valid((key,)):
                root.report((), f"clé obligatoire : {key} ({meaning})")
        if not self._fields and self._file.is_valid(("fields",)):
            self._file.report((), "le formulaire n'a aucun champ (fields)")

    # one field

    def _field(self, written: FieldDeclaration) -> Field | None:
        if not written.tree:
            return None
        path, tree = written.path, written.tree
        self._check_path(written)
        origins = tuple(self._origins(written))
        self._check_kind(written)
        self._check_source_of_value(written)
        items = tuple(self._items(written, origins))
        if not written.file.is_valid(written.here) or not (origins or "reserved" in tree or tree["declared"]):
            return None
        return Field(
            path=path, label=tree["label"], origins=origins, type=Type(tree["type"]), items=items,
            constants=tree["constants"], alias=tree.get("alias"), on_demand=tree["on_demand"],
            confirm=tree["confirm"], reserved=tree.get("reserved"), declared=tree["declared"],
            roles=frozenset(map(Role, tree["roles"])),
        )  # fmt: skip

    def _check_path(self, written: FieldDeclaration) -> None:
        if POINTER.fullmatch(written.path):
            return
        fault = next(
            (message for pattern, message in POINTER_FAULTS if pattern.match(written.path)), "chemin illisible"
        )
        written.blame(f"{fault} ; un chemin est comme /partII/A/economicOperator/name")

    def _check_kind(self, written: FieldDeclaration) -> None:
        tree, entry = written.tree, written.path.endswith("]")
        is_list = tree.get("type") == Type.LIST
        if is_list and entry:
            written.blame("une entrée nommée porte une seule valeur, pas une liste", "type")
        elif is_list and not (tree.get("items", True) or "reserved" in tree or tree.get("declared")):
            written.blame("une liste a besoin de « items » : les clés de ses objets")
        if "type" in tree and not is_list and tree.get("items"):
            written.blame("« items » ne va qu'avec « type: list »", "items")
        if tree.get("constants") and not entry:
            written.blame("« constants » ne va qu'avec une entrée nommée, comme /…/identifiers[vat]", "constants")
        if "value" in tree.get("constants", {}):
            written.blame("« value » est déjà la clé de la valeur elle-même", "constants", "value")

    def _check_source_of_value(self, written: FieldDeclaration) -> None:
        """A field reads its value somewhere, is reserved or is declared: one of the three."""
        given = written.tree.get("origins") not in (None, [], {})
        if written.tree.get("declared"):
            self._check_declared(written, given=given)
            return
        if "reserved" not in written.tree:
            if not given and written.file.is_valid((*written.here, "reserved")):
                whole = " ; un champ remplacé s'écrit en entier" if written.replaces else ""
                written.blame(
                    f"clé obligatoire : from (une ou plusieurs « source: expression »), reserved ou declared{whole}"
                )
            return
        if given:
            written.blame("« from » et « reserved » s'excluent : ce que l'acheteur obtient n'est pas lu", "reserved")
        row = self._row(written, written.tree["reserved"], "reserved")
        if row and row.refusal:
            written.blame(f"la source « {row.name} » est refusée : {row.refusal.rstrip('.')}", "reserved")
        elif row and row.open:
            written.blame(
                f"« {row.name} » est une source ouverte, à lire avec « from » : « reserved » annonce une donnée "
                "protégée, que l'acheteur obtient lui-même",
                "reserved",
            )

    def _check_declared(self, written: FieldDeclaration, *, given: bool) -> None:
        """What the candidate declares comes from nowhere else."""
        if given or "reserved" in written.tree:
            written.blame("« declared » exclut « from » et « reserved » : le candidat seul le dit", "declared")
        if written.tree.get("type") == Type.LIST:
            written.blame("un champ « declared » porte une seule valeur, pas une liste", "type")
        for key in ("confirm", "on_demand"):
            if written.tree.get(key):
                written.blame(f"« {key} » ne va pas avec « declared » : aucun registre n'est lu", key)

    # where its value comes from

    def _origins(self, written: FieldDeclaration) -> Iterator[ValueSource]:
        several = written.tree.get("origins")
        if several in (None, [], {}):
            return
        if isinstance(several, dict):
            for name, code in several.items():
                yield from self._origin(written, name, code, "from", name)
            return
        if not isinstance(several, list):
            written.blame(_not_an_origin(several), "from")
            return
        for place, one in enumerate(several):
            if not isinstance(one, dict) or len(one) != 1:
                written.blame(_not_an_origin(one), "from", str(place))
                continue
            [(name, code)] = one.items()
            yield from self._origin(written, name, code, "from", str(place), name)

    def _origin(self, written: FieldDeclaration, name: str, code: object, *steps: str) -> Iterator[ValueSource]:
        row = self._row(written, name, *steps)
        if row is None or self._refuses(written, row, *steps):
            return
        expression = self._expression(written, code, (row,), *steps)
        if expression is None:
            return
        if expression.invents():
            written.blame("rien ne s'invente : cette expression peut donner une valeur écrite d'avance", *steps)
        yield ValueSource(name, expression)

    def _row(self, written: FieldDeclaration, name: str, *steps: str) -> Source | None:
        if name not in CATALOGUE:
            written.blame(f"source inconnue « {name} »{hint(name, CATALOGUE)}", *steps)
        return CATALOGUE.get(name)

    def _refuses(self, written: FieldDeclaration, row: Source, *steps: str) -> bool:
        """Refuse a source where it is written, or where an overlay changed the audience above it."""
        twin = f" ; la source ouverte est « {row.twin_of} »" if row.twin_of else ""
        refused = refusal(written.audience, row)
        if refused:
            written.blame(f"la source « {row.name} » est refusée : {refused.rstrip('.')}{twin}", *steps)
            return True
        refused = refusal(self._resolved.audience, row)
        if refused:
            inherited = f"le champ hérité « {written.path} » ({written.place}) lit « {row.name} »"
            self._file.report(("audience",), f"{inherited} : {refused.rstrip('.')}{twin} (remove le retire)")
        return refused is not None

    def _expression(
        self,
        written: FieldDeclaration,
        code: object,
        rows: tuple[Source, ...],
        *steps: str,
        made: frozenset[str] = frozenset(),
    ) -> Expression | None:
        if not isinstance(code, str):
            written.blame(
                "attend une expression JMESPath, comme adresse.code_postal ; entre guillemets si elle commence par "
                "un signe",
                *steps,
            )
            return None
        try:
            expression = compile_expression(code)
        except BadExpression as fault:
            written.blame(f"{fault}{hint(fault.name, function_names()) if fault.name else ''}", *steps)
            return None
        self._check_names(written, expression, rows, *steps, made=made)
        return expression

    def _check_names(
        self,
        written: FieldDeclaration,
        expression: Expression,
        rows: tuple[Source, ...],
        *steps: str,
        made: frozenset[str],
    ) -> None:
        """Refuse personal keys; remark on a key that is neither the register's nor made by an expression."""
        personal = frozenset[str]().union(*(row.personal for row in rows))
        known = frozenset[str]().union(*(row.keys for row in rows))
        for name in sorted(expression.names()):
            if name in personal - known:
                written.blame(
                    f"« {name} » est une donnée personnelle dont un marché n'a pas besoin : le service ne la lit pas",
                    *steps,
                )
            elif known and name not in known | made | expression.makes():
                sources = ", ".join(dict.fromkeys(row.name for row in rows))
                remark = f"« {name} » n'est pas une clé connue de {sources}{hint(name, known)}"
                written.blame(remark, *steps, blocking=False)

    def _items(self, written: FieldDeclaration, origins: tuple[ValueSource, ...]) -> Iterator[ListItem]:
        rows = tuple(CATALOGUE[origin.source] for origin in origins)
        made = frozenset[str]().union(*(origin.expression.makes() for origin in origins))
        for name, tree in written.tree.get("items", {}).items():
            if "origin" not in tree:
                continue
            expression = self._expression(written, tree["origin"], rows, "items", name, "from", made=made)
            if expression and tree.keys() >= {"label", "type", "identifying"}:
                yield ListItem(name, tree["label"], expression, Type(tree["type"]), identifying=tree["identifying"])

    # the form as a whole

    def _check_clashes(self) -> None:
        """No field may stand inside another; the named entries of a list share it with nothing else."""
        sound = [path for path in self._fields if POINTER.fullmatch(path)]
        lists = {list_of(path): path for path in sound if path.endswith("]")}
        for path in sound:
            for outer in _around(path):
                if outer in self._fields:
                    self._clash(path, outer)
                elif outer in lists and outer != list_of(path):
                    self._clash(path, lists[outer])

    def _clash(self, inner: str, outer: str) -> None:
        """Blame the newcomer: what is inherited was there first."""
        one, other = self._fields[inner], self._fields[outer]
        if one.file is not self._file and other.file is self._file:
            other.blame(f"ce champ contiendrait le champ hérité « {inner} » ({one.place})")
        else:
            where = f" ({other.place})" if other.file is not one.file else ""
            one.blame(f"ce champ serait à l'intérieur du champ « {outer} »{where}")

    def _check_sections(self) -> None:
        """A section's title stands at a path that some field is inside of."""
        for path in self._file.own.get("sections", {}):
            if not any(known == path or known.startswith((path + "/", path + "[")) for known in self._fields):
                message = f"aucun champ n'est sous « {path} »{hint(path, _places(self._fields))}"
                self._file.report(("sections", path), message)

    def _check_aliases(self) -> None:
        seen: dict[str, FieldDeclaration] = {}
        for written in self._fields.values():
            alias = written.tree.get("alias")
            first = seen.setdefault(alias, written) if alias else written
            if first is written:
                continue
            new, old = (first, written) if written.file is not self._file else (written, first)
            where = f" ({old.place})" if old.file is not new.file else ""
            new.blame(f"l'alias « {alias} » est déjà celui de {old.path}{where}", "alias")


def _around(path: str) -> list[str]:
    """List the paths that stand around one; a named entry stands in its list.

    >>> _around("/a/b[x]")
    ['/a', '/a/b']
    """
    keys = list_of(path).split("/")[1:]
    return ["/" + "/".join(keys[:length]) for length in range(1, len(keys) + path.endswith("]"))]


def _places(paths: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(outer for path in paths for outer in (*_around(path), path)))


def _not_an_origin(written: object) -> str:
    """Say how an origin is written; guess the one that forgot its colon."""
    sentence = "une origine s'écrit « source: expression »"
    source, _, rest = str(written).replace(":", ".").partition(".")
    if isinstance(written, str) and source in CATALOGUE and rest.strip():
        return f"{sentence} ; vouliez-vous dire « {source}: {rest.strip()} » ?"
    if isinstance(written, dict) and len(written) > 1:
        return f"{sentence}, une seule par tiret"
    return f"{sentence}, comme « etablissements: siret »"
