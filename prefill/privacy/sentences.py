"""The sentences of the notice, in French and in English."""

from __future__ import annotations

from collections.abc import Mapping

from prefill.domain.sources import Sentence

TITLE: Sentence = {"fr": "Vos données et ce préremplissage", "en": "Your data and this prefill"}
SANDBOX: Sentence = {
    "fr": "Bac à sable : les entreprises et leurs données sont inventées.",
    "en": "Sandbox: companies and their data are invented.",
}
WHO: Sentence = {
    "fr": "Quand vous donnez un numéro, ce service interroge des registres publics, par API Entreprise, pour le compte de "
    "{controller}, responsable du traitement, afin de remplir ce formulaire.",
    "en": "When you give a number, this service queries public registers, through API Entreprise, on behalf of {controller}, "
    "the controller, to fill in this form.",
}
REGISTERS: Sentence = {
    "fr": "Registres interrogés, en données ouvertes : {registers}.",
    "en": "Registers queried, for open data: {registers}.",
}
WHO_OPEN: Sentence = {
    "fr": "Quand vous donnez un numéro, ce service interroge l'API Recherche d'entreprises (DINUM), qui tient ses données de "
    "l'Insee et de l'INPI, pour le compte de {controller}, responsable du traitement, afin de remplir ce formulaire.",
    "en": "When you give a number, this service queries the API Recherche d'entreprises (DINUM), whose data come from the "
    "Insee and the INPI, on behalf of {controller}, the controller, to fill in this form.",
}
SEARCH: Sentence = {
    "fr": "Un nom que vous tapez est cherché dans l'API Recherche d'entreprises (DINUM) ; ce service ne garde pas ce que vous "
    "tapez.",
    "en": "A name that you type is searched in the API Recherche d'entreprises (DINUM); this service does not keep what you "
    "type.",
}
FALLBACK: Sentence = {
    "fr": " La même API remplace l'Insee quand il ne répond pas.",
    "en": " The same API stands in for the Insee when it does not answer.",
}
ON_DEMAND: Sentence = {
    "fr": "Seulement si vous le demandez : {registers}.",
    "en": "Only if you ask for it: {registers}.",
}
AGENTS: Sentence = {
    "fr": "Après la remise de l'offre, les agents habilités de l'acheteur peuvent consulter les attestations et les chiffres que "
    "détiennent {producers} ; chaque consultation est tracée et la trace gardée 36 mois.",
    "en": "Once the tender is submitted, the buyer's authorised agents may consult the certificates and figures held by "
    "{producers}; each access is recorded and the record kept for 36 months.",
}
RETENTION: Sentence = {
    "fr": "Ce service garde les réponses des registres {cache} au plus, et n'en transmet rien à l'acheteur : c'est vous qui "
    "envoyez le formulaire.",
    "en": "This service keeps the registers' answers for {cache} at most and sends none to the buyer: you submit the form.",
}
BUYER_RETENTION: Sentence = {
    "fr": " L'acheteur garde le formulaire déposé {months} mois.",
    "en": " The buyer keeps the submitted form for {months} months.",
}
RIGHTS: Sentence = {
    "fr": "Fondement : mission d'intérêt public (RGPD, art. 6.1.e ; code de la commande publique, art. R2143-13). Vous pouvez "
    "accéder à vos données, les faire rectifier ou effacer, limiter ce traitement ou vous y opposer{contacts}, et saisir la "
    "CNIL (www.cnil.fr).",
    "en": "Legal basis: task in the public interest (GDPR, art. 6(1)(e); code de la commande publique, art. R2143-13). You may "
    "access your data, have them rectified or erased, restrict this processing or object to it{contacts}, and complain to "
    "the CNIL (www.cnil.fr).",
}
CONTACT: Mapping[str, Sentence] = {
    "contact": {"fr": "contact : {value}", "en": "contact: {value}"},
    "dpo": {"fr": "délégué à la protection des données : {value}", "en": "data protection officer: {value}"},
    "privacy_url": {"fr": "en savoir plus : {value}", "en": "more: {value}"},
}
MANUAL: Sentence = {
    "fr": "Vous pouvez aussi tout saisir vous-même et corriger chaque champ : l'examen de l'offre n'en dépend pas.",
    "en": "You may also type everything yourself and correct every field: the tender's evaluation does not depend on it.",
}
UNNAMED_OPERATOR: Sentence = {"fr": "son exploitant", "en": "its operator"}
UNNAMED_BUYER: Sentence = {
    "fr": "l'acheteur public de SIRET {recipient}",
    "en": "the public buyer of SIRET {recipient}",
}
DAYS: Sentence = {"fr": "{count} jours", "en": "{count} days"}
HOURS: Sentence = {"fr": "{count} heure{plural}", "en": "{count} hour{plural}"}
