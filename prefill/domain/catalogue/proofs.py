"""What each proof proves, who is never covered, what a refusal means and how else to get it: the rows' facts, as sentences."""

from __future__ import annotations

from prefill.domain.sources import Deprecation, Fix, Proof, Renewal, Sentence

# Where a company, an association or an activity code is corrected.
INPI_ONE_STOP_SHOP = Fix(
    "https://procedures.inpi.fr/",
    "le guichet unique des formalités des entreprises (INPI)",
    "the one-stop shop for company formalities (INPI)",
)
COMPTE_ASSO = Fix(
    "https://lecompteasso.associations.gouv.fr/declarer-un-changement-de-situation-de-mon-association/",
    "Le Compte Asso",
    "Le Compte Asso",
)
INSEE_ACTIVITY_CODE = Fix(
    "https://www.insee.fr/fr/information/6435934",
    "l'Insee, pour le code d'activité",
    "Insee, for the activity code",
)

NO_OPEN_SUCCESSOR = Deprecation(
    "associations_instructeur",
    "Point d'accès déprécié par API Entreprise : les documents viennent désormais avec la réponse protégée du RNA, "
    "sans équivalent ouvert.",
    "Deprecated by API Entreprise: the documents now come with the protected answer of the RNA; nothing open replaces it.",
)
NO_SUCCESSOR = Deprecation(
    None,
    "Point d'accès déprécié par API Entreprise, sans remplaçant.",
    "Deprecated by API Entreprise, with no replacement.",
)

# What is asked again between the award and the end of the contract.
LABOUR_CODE = Renewal(6, "code du travail, art. D8222-5", "labour code, article D8222-5")
OWN_DATES = Renewal(None, "dates du certificat", "dates of the certificate")

_INDISTINCT: Sentence = {
    "fr": "Non délivrée : pas en règle, ou hors du périmètre. Rien ne distingue les deux.",
    "en": "Not delivered: not in order, or out of scope. Nothing tells the two apart.",
}
_OUT_OF_SCOPE: Sentence = {
    "fr": "Inconnue de ce fournisseur, ou hors de son périmètre.",
    "en": "Unknown to this provider, or out of its scope.",
}
_STATED_WITH_DATES: Sentence = {
    "fr": "Jusqu'à la date que porte le certificat.",
    "en": "Until the date on the certificate.",
}
_ASK_THE_BODY: Sentence = {
    "fr": "Demander au candidat son certificat, ou tout moyen de preuve équivalent.",
    "en": "Ask the candidate for its certificate, or any equivalent means of proof.",
}
_WHEN_ASKED: Sentence = {"fr": "Au jour de l'interrogation.", "en": "On the day of the query."}

TAX_CERTIFICATE = Proof(
    proves={
        "fr": "Déclarations et paiements de l'impôt sur les sociétés et de la TVA en règle au dernier jour du mois précédent.",
        "en": "Corporate tax and VAT returns and payments were in order on the last day of the month before.",
    },
    until={
        "fr": "Vaut à la date de la situation appréciée ; elle ne porte pas de date de fin.",
        "en": "Holds on the date of the situation assessed; it bears no end date.",
    },
    delivered_only_if_in_order=True,
    never_covered=(
        {
            "fr": "entreprises à l'impôt sur le revenu (toutes les micro-entreprises, la plupart des entreprises "
            "individuelles)",
            "en": "income-tax payers (every micro-enterprise, most sole traders)",
        },
        {"fr": "entreprises créées cette année", "en": "companies created this year"},
        {
            "fr": "entreprises qui suivent un plan de règlement, ou en conciliation, sauvegarde ou redressement",
            "en": "companies under a payment plan, conciliation, safeguard or receivership",
        },
        {
            "fr": "entreprises dont l'impôt est contesté avec sursis de paiement",
            "en": "companies that dispute a tax with a stay of payment",
        },
        {"fr": "certaines sociétés en nom collectif", "en": "some general partnerships"},
    ),
    refusals={"003": _INDISTINCT},
    caution={
        "fr": "Filiale d'un groupe fiscalement intégré (CGI, art. 223 A) : son attestation ne suffit pas, il faut aussi "
        "celle de la société mère ; le registre ne dit pas si l'entreprise est une filiale.",
        "en": "Subsidiary of a group taxed together (CGI, art. 223 A): its certificate is not enough, the parent "
        "company's is needed too; the register does not say whether the company is a subsidiary.",
    },
    alternative={
        "fr": "Demander au candidat l'attestation de régularité fiscale de son espace professionnel impots.gouv.fr ; à "
        "l'impôt sur le revenu, le formulaire n° 3666 visé par son service des impôts.",
        "en": "Ask the candidate for the tax certificate of its impots.gouv.fr account or, for an income-tax payer, "
        "form no. 3666 stamped by its tax office.",
    },
)
VIGILANCE = Proof(
    proves={
        "fr": "Déclarations et cotisations sociales selon l'état que l'Urssaf écrit sur l'attestation.",
        "en": "Social declarations and contributions, as the Urssaf's own status on the certificate says.",
    },
    until={
        "fr": "Six mois à compter de la fin de la période analysée : trois à six mois au jour de la délivrance.",
        "en": "Six months from the end of the period analysed: three to six months remain on delivery.",
    },
    never_covered=(
        {
            "fr": "artisans, commerçants et micro-entrepreneurs hors professions libérales",
            "en": "craftsmen, shopkeepers and micro-entrepreneurs other than liberal professions",
        },
        {"fr": "employeurs au TESE ou au CEA", "en": "employers under TESE or CEA"},
        {"fr": "entreprises sans salarié", "en": "companies without employees"},
    ),
    refusals={
        "04501": {
            "fr": "Un agent de l'Urssaf examine le compte : redemander plus tard.",
            "en": "An Urssaf officer is examining the account: ask again later.",
        },
        "04502": {
            "fr": "L'Urssaf traite la demande : redemander plus tard.",
            "en": "The Urssaf is processing the request: ask again later.",
        },
        "04503": {"fr": "L'Urssaf refuse de délivrer l'attestation.", "en": "The Urssaf refuses to deliver it."},
        "003": _OUT_OF_SCOPE,
    },
    caution={
        "fr": "« Délivrée » ne veut pas dire que tout est payé : elle l'est aussi pour un échéancier respecté, un montant "
        "contesté en justice ou des majorations seules. Un refus n'est pas définitif et peut venir d'un seul établissement.",
        "en": "“Delivered” does not mean that all is paid: a payment plan kept, an amount disputed in court or surcharges "
        "alone do not prevent it. A refusal is not final and may come from a single establishment.",
    },
    alternative={
        "fr": "Demander au candidat son attestation de vigilance (compte urssaf.fr) et vérifier son code de sécurité ; "
        "pour un indépendant, celle de la sécurité sociale des indépendants.",
        "en": "Ask the candidate for its vigilance certificate (urssaf.fr account) and check its security code; a "
        "self-employed person has one of its own scheme.",
    },
)
MSA = Proof(
    proves={
        "fr": "Conformité des cotisations agricoles, dans les mots de la MSA.",
        "en": "Conformity of farming contributions, in the MSA's own words.",
    },
    until=_WHEN_ASKED,
    never_covered=(
        {
            "fr": "entreprises hors du régime agricole (code rural, art. L722-1 à L722-7)",
            "en": "companies outside the farming scheme (code rural, art. L722-1 to L722-7)",
        },
    ),
    refusals={"003": _OUT_OF_SCOPE},
    caution={
        "fr": "Relèvent aussi de la MSA : la forêt, les travaux agricoles, les paysagistes, la conchyliculture.",
        "en": "Forestry, agricultural works, landscapers and shellfish farming belong to the MSA too.",
    },
    alternative={
        "fr": "Demander au candidat son attestation de la MSA.",
        "en": "Ask the candidate for its MSA certificate.",
    },
)
_PROBTP_PERIMETER: tuple[Sentence, ...] = (
    {"fr": "entreprises d'outre-mer", "en": "overseas companies"},
    {"fr": "associations", "en": "associations"},
    {
        "fr": "entreprises hors du bâtiment, des travaux publics et des activités connexes",
        "en": "companies outside building, public works and kindred industries",
    },
)
_ASK_PROBTP: Sentence = {
    "fr": "Demander au candidat son attestation ProBTP.",
    "en": "Ask the candidate for its ProBTP certificate.",
}
PROBTP_STATUS = Proof(
    proves={
        "fr": "À jour, ou non, des cotisations de retraite complémentaire selon ProBTP.",
        "en": "Whether pension contributions are up to date, according to ProBTP.",
    },
    until=_WHEN_ASKED,
    never_covered=_PROBTP_PERIMETER,
    refusals={"003": _OUT_OF_SCOPE},
    alternative=_ASK_PROBTP,
)
PROBTP_CERTIFICATE = Proof(
    proves={
        "fr": "Cotisations de retraite complémentaire à jour selon ProBTP.",
        "en": "Pension contributions up to date, according to ProBTP.",
    },
    until={"fr": "À la date que porte l'attestation.", "en": "On the date of the certificate."},
    delivered_only_if_in_order=True,
    never_covered=_PROBTP_PERIMETER,
    refusals={"003": _INDISTINCT},
    alternative=_ASK_PROBTP,
)
CNETP = Proof(
    proves={
        "fr": "Déclarations et paiements de congés payés et de chômage intempéries en règle (travaux publics).",
        "en": "Paid-leave and bad-weather returns and payments in order (public works).",
    },
    until={"fr": "À la date que porte le certificat.", "en": "On the date of the certificate."},
    delivered_only_if_in_order=True,
    never_covered=(
        {"fr": "entreprises du bâtiment, qui relèvent de la CIBTP", "en": "building firms, which belong to the CIBTP"},
        {"fr": "employeurs au TESE", "en": "employers under TESE"},
    ),
    refusals={"003": _INDISTINCT},
    caution={
        "fr": "Une cinquantaine d'entreprises relèvent des deux caisses : interroger aussi la CIBTP.",
        "en": "Some fifty firms belong to both funds: ask the CIBTP too.",
    },
    alternative={
        "fr": "Demander au candidat son certificat de la CNETP, ou de la CIBTP s'il relève du bâtiment.",
        "en": "Ask the candidate for its certificate of the CNETP, or of the CIBTP for a building firm.",
    },
)
CIBTP = Proof(
    proves={
        "fr": "Déclarations et paiements de congés payés et de chômage intempéries en règle (bâtiment).",
        "en": "Paid-leave and bad-weather returns and payments in order (building).",
    },
    until={"fr": "À la date que porte le certificat.", "en": "On the date of the certificate."},
    delivered_only_if_in_order=True,
    never_covered=(
        {
            "fr": "entreprises de travaux publics, qui relèvent de la CNETP",
            "en": "public works firms, which belong to the CNETP",
        },
        {"fr": "entreprises d'outre-mer, dont les caisses ne sont pas raccordées", "en": "overseas firms"},
    ),
    refusals={
        "38422": {
            "fr": "La CIBTP refuse le certificat : cotisations non réglées selon elle.",
            "en": "The CIBTP refuses the certificate: contributions not settled, according to it.",
        },
        "003": _OUT_OF_SCOPE,
    },
    alternative={
        "fr": "Demander au candidat son certificat de la caisse CIBTP dont il relève.",
        "en": "Ask the candidate for the certificate of its CIBTP fund.",
    },
)
FNTP_CARD = Proof(
    proves={
        "fr": "Carte professionnelle de travaux publics, cotisations à la caisse de congés en règle.",
        "en": "Professional card of public works, contributions to the leave fund in order.",
    },
    until={"fr": "L'année que porte la carte.", "en": "The year on the card."},
    delivered_only_if_in_order=True,
    never_covered=(
        {"fr": "entreprises qui n'ont jamais demandé de carte", "en": "companies that never asked for a card"},
        {"fr": "entreprises hors des travaux publics", "en": "companies outside public works"},
    ),
    refusals={"003": _INDISTINCT},
    alternative={
        "fr": "Demander au candidat sa carte professionnelle, ou tout moyen de preuve équivalent : elle n'est pas obligatoire.",
        "en": "Ask the candidate for its card, or any equivalent means of proof: it is not compulsory.",
    },
)
RGE = Proof(
    proves={
        "fr": "Certifications RGE, par domaine de travaux ; les échues y figurent aussi.",
        "en": "RGE certifications, by field of work; expired ones are listed too.",
    },
    until=_STATED_WITH_DATES,
    never_covered=(
        {
            "fr": "certifications d'Afnor, Cequami, Cerqual, du LNE et de l'OPQIBI, qui n'y sont pas",
            "en": "certifications by Afnor, Cequami, Cerqual, LNE and OPQIBI, which are not listed",
        },
    ),
    refusals={"003": _OUT_OF_SCOPE},
    alternative=_ASK_THE_BODY,
)
QUALIBAT = Proof(
    proves={"fr": "Qualifications de travaux et leurs dates.", "en": "Qualifications for works, with their dates."},
    until=_STATED_WITH_DATES,
    refusals={"003": _OUT_OF_SCOPE},
    alternative=_ASK_THE_BODY,
)
QUALIFELEC = Proof(
    proves={
        "fr": "Qualifications d'électricien et leurs dates, assurances comprises.",
        "en": "Electricians' qualifications with their dates, insurances included.",
    },
    until=_STATED_WITH_DATES,
    refusals={"003": _OUT_OF_SCOPE},
    alternative=_ASK_THE_BODY,
)
OPQIBI = Proof(
    proves={
        "fr": "Qualifications d'ingénierie, quelle que soit l'activité déclarée.",
        "en": "Engineering qualifications, whatever the declared activity.",
    },
    until=_STATED_WITH_DATES,
    refusals={"003": _OUT_OF_SCOPE},
    alternative=_ASK_THE_BODY,
)
QUALIOPI = Proof(
    proves={
        "fr": "Certification Qualiopi d'un organisme de formation, par catégorie d'actions.",
        "en": "Qualiopi certification of a training body, by kind of action.",
    },
    until={
        "fr": "Le registre ne donne pas la date de fin : la demander au candidat.",
        "en": "The register gives no end date: ask the candidate.",
    },
    refusals={"003": _OUT_OF_SCOPE},
    alternative=_ASK_THE_BODY,
)
