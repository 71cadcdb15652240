"""How legal forms are written: the Insee's codes, short and long names. Each line is one thing to whoever fills in a form.

What a code does not say has no line: the micro-enterprise scheme of a sole trader, the collective interest of a cooperative
(5460 and 5560 are those that have no code of their own).
"""

from __future__ import annotations

_LINES = """
SAS|société par actions simplifiée|5710
SASU|société par actions simplifiée unipersonnelle|société par actions simplifiée à associé unique|5720
SARL|société à responsabilité limitée|5499|5410|5422|5426|5430|5431|5432|5442|5443
EURL|SARL unipersonnelle|entreprise unipersonnelle à responsabilité limitée|5498
SA|société anonyme|société anonyme à conseil d'administration|5599|5505|5510|5515|5520|5522|5525|5530|5532|5542|5543|5546|5547|5548|5585
SA à directoire|société anonyme à directoire|5699
SNC|société en nom collectif|5202
SCI|société civile immobilière|6540
société civile|6599|6588
SCM|société civile de moyens|6589
SCP|société civile professionnelle|6585
EARL|exploitation agricole à responsabilité limitée|6598
SCEA|société civile d'exploitation agricole|6597
GAEC|groupement agricole d'exploitation en commun|6533
SELARL|société d'exercice libéral à responsabilité limitée|5485
SELAS|société d'exercice libéral par actions simplifiée|5785
SCOP|société coopérative de production|5458|5558
GIE|groupement d'intérêt économique|6220
SE|société européenne|5800
EPIC|établissement public national à caractère industriel ou commercial|4110
EI|entrepreneur individuel|entreprise individuelle|1000
association|association déclarée|association loi 1901|9220|9221|9222|9230
association|association non déclarée|9210
association|association de droit local|9260
fondation|9300
"""

LEGAL_FORMS: tuple[tuple[str, ...], ...] = tuple(tuple(line.split("|")) for line in _LINES.split("\n") if line)
