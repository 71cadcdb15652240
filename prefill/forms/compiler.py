"""From a resolved form file to a compiled form, or to the list of its mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prefill.config_files.schema import hint
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.company import Role
from prefill.domain.permissions import refusal
from prefill.domain.sources import Source
from prefill.domain.synonyms import TABLES, SynonymTable
from prefill.forms.expressions import BadExpression, Expression, compile_expression, function_names
from prefill.forms.form_file import POINTER, POINTER_FAULTS, REQUIRED, FormFile
from prefill.forms.inheritance import FieldDeclaration, ResolvedForm
from prefill.forms.model import Field, Form, Labels, ListItem, Type, ValueSource, list_of
from prefill.forms.static_types.check import misfits


class FormCompiler:
    """Check one form and compile it; each mistake is reported in the file that makes it."""

    def __init__(self, file: FormFile, resolved: ResolvedForm) -> None:
        self._file = file
        self._resolved = resolved
        self._fields = resolved.fields
        own = {name: SynonymTable(()) for name in resolved.synonyms}
        self._synonyms = {
            name: table.extended(resolved.synonyms.get(name, ())) for name, table in {**own, **TABLES}.items()
        }

    def form(self) -> Form:
        """Compile what can be: a form with blocking mistakes is never served."""
        self._check_header()
        parts = tuple(self._field(declaration) for declaration in self._fields.values())
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
            titles=self._resolved.titles,
            section_labels=self._resolved.section_labels,
        )

    def _check_header(self) -> None:
        if not self._resolved.whole:
            return
        root = self._resolved.lineage[0]
        for key, meaning in REQUIRED.items():
            if key not in self._resolved.header and root.is_valid((key,)):
                root.report((), f"clé obligatoire : {key} ({meaning})")
        if not self._fields and self._file.is_valid(("fields",)):
            self._file.report((), "le formulaire n'a aucun champ : ajoutez-en sous « fields »")

    def _field(self, declaration: FieldDeclaration) -> Field | None:
        if not declaration.tree:
            return None
        path, tree = declaration.path, declaration.tree
        self._check_path(declaration)
        origins = tuple(self._origins(declaration))
        self._check_kind(declaration)
        self._check_source_of_value(declaration)
        self._check_synonyms(declaration)
        items = tuple(self._items(declaration, origins))
        if not declaration.file.is_valid(declaration.here) or not (origins or "reserved" in tree or tree["declared"]):
            return None
        field = Field(
            path=path, label=tree["label"], origins=origins, type=Type(tree["type"]), items=items,
            constants=tree["constants"], alias=tree.get("alias"), on_demand=tree["on_demand"],
            confirm=tree["confirm"], reserved=tree.get("reserved"), declared=tree["declared"],
            optional=tree["optional"], only_for=tree.get("only_for"), roles=frozenset(map(Role, tree["roles"])),
            synonyms=self._synonyms.get(tree.get("synonyms", "")), labels=tree["labels"], choices=tree["choices"],
            choice_labels=tree["choice_labels"],
        )  # fmt: skip
        self._check_types(declaration, field)
        return field

    def _check_types(self, declaration: FieldDeclaration, field: Field) -> None:
        """Check what is sound otherwise: a mistake of type is told alone."""
        for steps, mistake in misfits(field):
            if steps[0] == "from" and isinstance(declaration.tree["origins"], dict):
                steps = (steps[0], steps[2])
            declaration.report(mistake, *steps)

    def _check_path(self, declaration: FieldDeclaration) -> None:
        if POINTER.fullmatch(declaration.path):
            return
        fault = next(
            (message for pattern, message in POINTER_FAULTS if pattern.match(declaration.path)), "chemin illisible"
        )
        declaration.report(f"{fault} ; un chemin est comme /partII/A/economicOperator/name")

    def _check_kind(self, declaration: FieldDeclaration) -> None:
        tree, entry = declaration.tree, declaration.path.endswith("]")
        is_list = tree.get("type") == Type.LIST
        if is_list and not (tree.get("items", True) or "reserved" in tree or tree.get("declared")):
            declaration.report("une liste a besoin de « items » : les clés de ses objets")
        if "type" in tree and not is_list and tree.get("items"):
            declaration.report("« items » ne va qu'avec « type: list »", "items")
        if tree.get("constants") and not entry:
            declaration.report("« constants » ne va qu'avec une entrée nommée, comme /…/identifiers[vat]", "constants")
        for name, item in tree.get("items", {}).items():
            if item.get("expires") and item.get("type") != Type.DATE:
                declaration.report("« expires » ne va qu'avec « type: date »", "items", name, "expires")
        if tree.get("choices") and tree.get("type", Type.STRING) != Type.STRING:
            declaration.report("« choices » donne des textes : écrivez « type: string », ou rien", "choices")
        values = tree.get("choices", {}).values()
        for language, value in _named(tree.get("choice_labels", {})):
            if value not in values:
                told = f"« {value} » n'est pas une valeur de « choices »{hint(value, values) or ' : corrigez-la, ou retirez-la'}"
                declaration.report(told, "choice_labels", language, value)
        for name in tree.get("constants", {}).keys() & tree.get("items", {}).keys():
            declaration.report(f"« {name} » est déjà une clé de « items » : renommez l'une des deux", "constants", name)
        if "value" in tree.get("constants", {}):
            declaration.report(
                "« value » est déjà la clé de la valeur elle-même : renommez cette constante", "constants", "value"
            )

    def _check_source_of_value(self, declaration: FieldDeclaration) -> None:
        """A field reads its value somewhere, is reserved or is declared: one of the three."""
        given = declaration.tree.get("origins") not in (None, [], {})
        if declaration.tree.get("declared"):
            self._check_declared(declaration, given=given)
            return
        if "reserved" not in declaration.tree:
            if not given and declaration.file.is_valid((*declaration.here, "reserved")):
                whole = " ; un champ remplacé s'écrit en entier" if declaration.replaces else ""
                declaration.report(
                    f"clé obligatoire : from (une ou plusieurs « source: expression »), reserved ou declared{whole}"
                )
            return
        if given:
            declaration.report(
                "« from » et « reserved » s'excluent, ce que l'acheteur obtient n'est pas lu : retirez l'un des deux",
                "reserved",
            )
        row = self._row(declaration, declaration.tree["reserved"], "reserved")
        if row and row.refusal:
            declaration.report(
                f"la source « {row.name} » est refusée : {row.refusal.rstrip('.')}{_way_out(row)}", "reserved"
            )
        elif row and row.open:
            declaration.report(
                f"« {row.name} » est une source ouverte, à lire avec « from » : « reserved » annonce une donnée "
                "protégée, que l'acheteur obtient lui-même",
                "reserved",
            )

    def _check_declared(self, declaration: FieldDeclaration, *, given: bool) -> None:
        """What the candidate declares comes from nowhere else."""
        if given or "reserved" in declaration.tree:
            declaration.report(
                "« declared » exclut « from » et « reserved », le candidat seul le dit : retirez-le, ou les autres",
                "declared",
            )
        if declaration.tree.get("type") == Type.LIST:
            declaration.report("un champ « declared » porte une seule valeur, pas une liste", "type")
        for key in ("confirm", "on_demand", "optional", "only_for"):
            if declaration.tree.get(key):
                declaration.report(
                    f"« {key} » ne va pas avec « declared », aucun registre n'est lu : retirez l'un des deux", key
                )

    def _check_synonyms(self, declaration: FieldDeclaration) -> None:
        table = declaration.tree.get("synonyms")
        if table is not None and table not in self._synonyms:
            known = ", ".join(self._synonyms)
            declaration.report(
                f"table de synonymes inconnue « {table} »{hint(table, self._synonyms)} (tables : {known})", "synonyms"
            )
        if table is not None and declaration.tree.get("type") != Type.STRING:
            declaration.report("« synonyms » ne va qu'avec un texte", "synonyms")

    def _origins(self, declaration: FieldDeclaration) -> Iterator[ValueSource]:
        several = declaration.tree.get("origins")
        if several in (None, [], {}):
            return
        if isinstance(several, dict):
            for name, code in several.items():
                yield from self._origin(declaration, name, code, "from", name)
            return
        if not isinstance(several, list):
            declaration.report(_not_an_origin(several), "from")
            return
        for place, one in enumerate(several):
            if not isinstance(one, dict) or len(one) != 1:
                declaration.report(_not_an_origin(one), "from", str(place))
                continue
            [(name, code)] = one.items()
            yield from self._origin(declaration, name, code, "from", str(place), name)

    def _origin(self, declaration: FieldDeclaration, name: str, code: object, *steps: str) -> Iterator[ValueSource]:
        row = self._row(declaration, name, *steps)
        if row is None or self._refuses(declaration, row, *steps):
            return
        expression = self._expression(declaration, code, (row,), *steps)
        if expression is None:
            return
        if expression.invents():
            declaration.report(
                "rien ne s'invente : cette expression peut donner une valeur écrite d'avance ; lisez le registre seul, ou "
                "écrivez une condition : clé && 'texte'",
                *steps,
            )
        yield ValueSource(name, expression)

    def _row(self, declaration: FieldDeclaration, name: str, *steps: str) -> Source | None:
        if name not in CATALOGUE:
            declaration.report(
                f"source inconnue « {name} »{hint(name, CATALOGUE) or ' : « prefill sources » les liste'}", *steps
            )
        return CATALOGUE.get(name)

    def _refuses(self, declaration: FieldDeclaration, row: Source, *steps: str) -> bool:
        """Refuse a source where it is written, or where an overlay changed the audience above it."""
        twin = f" ; la source ouverte est « {row.twin_of} »" if row.twin_of else ""
        refused = refusal(declaration.audience, row)
        if refused:
            remedy = twin or _way_out(row)
            declaration.report(f"la source « {row.name} » est refusée : {refused.rstrip('.')}{remedy}", *steps)
            return True
        refused = refusal(self._resolved.audience, row)
        if refused:
            inherited = f"le champ hérité « {declaration.path} » ({declaration.place}) lit « {row.name} »"
            self._file.report(("audience",), f"{inherited} : {refused.rstrip('.')}{twin} (remove le retire)")
        return refused is not None

    def _expression(
        self,
        declaration: FieldDeclaration,
        code: object,
        rows: tuple[Source, ...],
        *steps: str,
        made: frozenset[str] = frozenset(),
    ) -> Expression | None:
        if not isinstance(code, str):
            declaration.report(
                "attend une expression JMESPath, comme adresse.code_postal ; entre guillemets si elle commence par "
                "un signe",
                *steps,
            )
            return None
        try:
            expression = compile_expression(code)
        except BadExpression as fault:
            declaration.report(f"{fault}{hint(fault.name, function_names()) if fault.name else ''}", *steps)
            return None
        self._check_names(declaration, expression, rows, *steps, made=made)
        return expression

    def _check_names(
        self,
        declaration: FieldDeclaration,
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
                declaration.report(
                    f"« {name} » est une donnée personnelle dont un marché n'a pas besoin, le service ne la lit pas : retirez "
                    "ce champ, ou écrivez « declared: true »",
                    *steps,
                )
            elif known and name not in known | made | expression.makes():
                sources = ", ".join(dict.fromkeys(row.name for row in rows))
                remark = f"« {name} » n'est pas une clé connue de {sources}{hint(name, known) or f' : « prefill sources show {rows[0].name} » les liste'}"
                declaration.report(remark, *steps, blocking=False)

    def _items(self, declaration: FieldDeclaration, origins: tuple[ValueSource, ...]) -> Iterator[ListItem]:
        rows = tuple(CATALOGUE[origin.source] for origin in origins)
        made = frozenset[str]().union(*(origin.expression.makes() for origin in origins))
        for name, tree in declaration.tree.get("items", {}).items():
            if "origin" not in tree:
                continue
            expression = self._expression(declaration, tree["origin"], rows, "items", name, "from", made=made)
            if expression and tree.keys() >= {"label", "type", "identifying", "expires"}:
                flags = {"identifying": tree["identifying"], "expires": tree["expires"]}
                yield ListItem(name, tree["label"], expression, Type(tree["type"]), **flags, labels=tree["labels"])

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
        """Report it at the field that was added: what is inherited was there first."""
        one, other = self._fields[inner], self._fields[outer]
        if one.file is not self._file and other.file is self._file:
            other.report(
                f"ce champ contiendrait le champ hérité « {inner} » ({one.place}) : changez son chemin, ou retirez l'autre"
            )
        else:
            where = f" ({other.place})" if other.file is not one.file else ""
            one.report(f"ce champ serait à l'intérieur du champ « {outer} »{where} : changez l'un des deux chemins")

    def _check_sections(self) -> None:
        """A section's title stands at a path that some field is inside of."""
        for path in self._file.own.get("sections", {}):
            if not any(known == path or known.startswith((path + "/", path + "[")) for known in self._fields):
                message = f"aucun champ n'est sous « {path} »{hint(path, _places(self._fields)) or ' : corrigez le chemin, ou retirez ce titre'}"
                self._file.report(("sections", path), message)

        sections = self._resolved.sections
        for language, path in _named(self._file.own.get("section_labels", {})):
            if path not in sections:
                told = f"« sections » n'a pas de titre pour « {path} »{hint(path, sections) or ' : écrivez-le, ou retirez celui-ci'}"
                self._file.report(("section_labels", language, path), told)

    def _check_aliases(self) -> None:
        seen: dict[str, FieldDeclaration] = {}
        for declaration in self._fields.values():
            alias = declaration.tree.get("alias")
            first = seen.setdefault(alias, declaration) if alias else declaration
            if first is declaration:
                continue
            new, old = (first, declaration) if declaration.file is not self._file else (declaration, first)
            where = f" ({old.place})" if old.file is not new.file else ""
            new.report(f"l'alias « {alias} » est déjà celui de {old.path}{where} : choisissez-en un autre", "alias")


def _named(labels: Labels) -> Iterator[tuple[str, str]]:
    """Give each language and what has a label in it."""
    return ((language, name) for language, texts in labels.items() for name in texts)


def _way_out(row: Source) -> str:
    """Say what a candidate's form may write of a source that it cannot read."""
    if row.usable:
        return f" ; ici, « reserved: {row.name} » dit au candidat que l'acheteur peut l'obtenir"
    return " ; retirez ce champ, ou écrivez « declared: true »"


def _around(path: str) -> list[str]:
    """List the paths that stand around one; a named entry stands in its list.

    >>> _around("/a/b[x]")
    ['/a', '/a/b']
    """
    keys = list_of(path).split("/")[1:]
    return ["/" + "/".join(keys[:length]) for length in range(1, len(keys) + path.endswith("]"))]


def _places(paths: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(outer for path in paths for outer in (*_around(path), path)))


def _not_an_origin(declaration: object) -> str:
    """Say how an origin is written; guess the one that forgot its colon."""
    sentence = "une origine s'écrit « source: expression »"
    source, _, rest = str(declaration).replace(":", ".").partition(".")
    if isinstance(declaration, str) and source in CATALOGUE and rest.strip():
        return f"{sentence} ; vouliez-vous dire « {source}: {rest.strip()} » ?"
    if isinstance(declaration, dict) and len(declaration) > 1:
        return f"{sentence}, une seule par tiret"
    return f"{sentence}, comme « etablissements: siret »"
