"""Every refusal a caller can see: one tree of problems, rendered as RFC 9457.

A failing register is never one of these: it is an `Answer` with its status. Each class says its HTTP
status, its stable code and its sentences in French and English; the values it names arrive as keyword
arguments and are the only things the sentences may quote. No secret may be passed to one.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Language = Literal["fr", "en"]


class Problem(Exception):
    """A refusal that the caller can read and act on."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[dict[Language, str]] = {"fr": "Erreur interne", "en": "Internal error"}
    sentence: ClassVar[dict[Language, str]] = {
        "fr": "Une erreur inattendue s'est produite ; elle a été enregistrée. Le formulaire peut être rempli à la main.",
        "en": "Something unexpected happened and was recorded. The form can be filled in by hand.",
    }

    def __init__(self, **values: object) -> None:
        self.values = values
        super().__init__(self.detail("fr"))

    def detail(self, language: Language) -> str:
        """Say in one or two sentences what is wrong and what to do."""
        return self.sentence[language].format(**self.values)

    def extensions(self) -> dict[str, object]:
        """Give the members that a program may want beside the RFC's own."""
        return {key: value for key, value in self.values.items() if key in self.shown}

    shown: ClassVar[frozenset[str]] = frozenset()
    headers: ClassVar[dict[str, str]] = {}  # what HTTP wants beside the body


class SiretMalformed(Problem):
    status = 400
    code = "siret_malformed"
    title = {"fr": "SIRET mal formé", "en": "Malformed SIRET"}
    sentence = {
        "fr": "Un SIRET compte 14 chiffres (ou 9 pour un SIREN) ; {seen}. Corrigez le numéro saisi.",
        "en": "A SIRET has 14 digits (a SIREN has 9); {seen_en}. Please correct the number.",
    }
    shown = frozenset({"digits"})


class SiretChecksum(Problem):
    status = 400
    code = "siret_checksum"
    title = {"fr": "SIRET inexistant", "en": "Invalid SIRET"}
    sentence = {
        "fr": "Le numéro {number} ne peut pas exister : {group_fr}. Vérifiez qu'aucun chiffre n'est faux ou inversé.",
        "en": "The number {number} cannot exist: {group_en}. Check that no digit is wrong or swapped.",
    }
    shown = frozenset({"group"})


class SchemaUnknown(Problem):
    status = 404
    code = "schema_unknown"
    title = {"fr": "Formulaire inconnu", "en": "Unknown form"}
    sentence = {
        "fr": "Il n'y a pas de formulaire « {name} ».{hint_fr} Les formulaires connus sont listés par /v1/schemas.",
        "en": "There is no form “{name}”.{hint_en} The known forms are listed at /v1/schemas.",
    }
    shown = frozenset({"suggestion"})


class SourceUnknown(Problem):
    status = 400
    code = "source_unknown"
    title = {"fr": "Source inconnue", "en": "Unknown source"}
    sentence = {
        "fr": "Le paramètre « with » nomme « {name} », que ce formulaire n'utilise pas à la demande.{hint_fr} Valeurs possibles : {known}.",
        "en": "The parameter “with” names “{name}”, which this form does not use on demand.{hint_en} Possible values: {known_en}.",
    }
    shown = frozenset({"suggestion"})


class FieldUnknown(Problem):
    status = 400
    code = "field_unknown"
    title = {"fr": "Champ inconnu", "en": "Unknown field"}
    sentence = {
        "fr": "Le paramètre « fields » nomme « {name} », que le formulaire « {form} » n'a pas.{hint_fr} Ses champs sont listés par /v1/schemas/{form}.",
        "en": "The parameter “fields” names “{name}”, which the form “{form}” does not have.{hint_en} Its fields are listed at /v1/schemas/{form}.",
    }
    shown = frozenset({"suggestion", "unknownFields"})


class SourceRefused(Problem):
    status = 403
    code = "source_refused"
    title = {"fr": "Source refusée", "en": "Source refused"}
    sentence = {
        "fr": "La source « {name} » ne peut pas être demandée ici : {why}",
        "en": "The source “{name}” cannot be asked for here: {why_en}",
    }


class ParameterInvalid(Problem):
    status = 400
    code = "parameter_invalid"
    title = {"fr": "Paramètre invalide", "en": "Invalid parameter"}
    sentence = {
        "fr": "Le paramètre « {name} » n'est pas valable : {why}",
        "en": "The parameter “{name}” is not valid: {why_en}",
    }


class CompanyUnknown(Problem):
    status = 404
    code = "company_unknown"
    title = {"fr": "Entreprise inconnue", "en": "Unknown company"}
    sentence = {
        "fr": "Le répertoire Sirene ouvert ne connaît pas le numéro {number}. Vérifiez-le ; s'il est récent, continuez en remplissant le formulaire à la main.",
        "en": "The open Sirene register does not know the number {number}. Check it; if it is recent, go on filling in the form by hand.",
    }


class CrossSiteRequest(Problem):
    status = 403
    code = "cross_site_request"
    title = {"fr": "Page non autorisée", "en": "Page not allowed"}
    sentence = {
        "fr": "Cette demande vient d'une page que l'acheteur n'a pas autorisée, ou d'une image, d'un script ou d'un cadre. L'exploitant du service déclare les pages permises (PREFILL_ALLOWED_ORIGINS).",
        "en": "This request comes from a page that the buyer did not allow, or from an image, a script or a frame. The service's operator declares the pages that may ask (PREFILL_ALLOWED_ORIGINS).",
    }


class CompanyNotInvented(Problem):
    status = 404
    code = "company_not_invented"
    title = {"fr": "Bac à sable", "en": "Sandbox"}
    sentence = {
        "fr": "Bac à sable : ce numéro ({number}) n'est pas une des entreprises inventées, et le service n'interroge ici aucun registre. Choisissez l'une de celles que liste la page /docs.",
        "en": "Sandbox: this number ({number}) is not one of the invented companies, and no register is asked here. Choose one of those that /docs lists.",
    }


class CompanyUndisclosed(Problem):
    status = 451
    code = "company_undisclosed"
    title = {"fr": "Entreprise non diffusible", "en": "Undisclosed company"}
    sentence = {
        "fr": "La loi ne permet pas de diffuser les données de l'entreprise {number}. Remplissez le formulaire à la main.",
        "en": "The law does not allow the data of company {number} to be disclosed. Please fill in the form by hand.",
    }


class UpstreamMisconfigured(Problem):
    status = 503
    code = "upstream_misconfigured"
    title = {"fr": "Service mal configuré", "en": "Service misconfigured"}
    sentence = {
        "fr": "API Entreprise refuse l'accès de ce service : son exploitant doit vérifier son habilitation. Le formulaire peut être rempli à la main.",
        "en": "API Entreprise refuses this service's access: its operator must check its credentials. The form can be filled in by hand.",
    }


class NotFound(Problem):
    status = 404
    code = "not_found"
    title = {"fr": "Adresse inconnue", "en": "Not found"}
    sentence = {
        "fr": "Il n'y a rien à cette adresse. La documentation est à /docs.",
        "en": "There is nothing at this address. The documentation is at /docs.",
    }


class MethodNotAllowed(Problem):
    status = 405
    code = "method_not_allowed"
    title = {"fr": "Méthode non permise", "en": "Method not allowed"}
    sentence = {
        "fr": "Cette adresse n'accepte pas la méthode {method}. Méthodes permises : {allowed}.",
        "en": "This address does not accept the method {method}. Allowed methods: {allowed}.",
    }


class TooManyRequests(Problem):
    status = 429
    code = "too_many_requests"
    title = {"fr": "Trop de demandes", "en": "Too many requests"}
    sentence = {
        "fr": "Trop de demandes depuis cette adresse : réessayez dans {retry_after:.0f} secondes, ou remplissez le formulaire à la main.",
        "en": "Too many requests from this address: try again in {retry_after:.0f} seconds, or fill in the form by hand.",
    }
    shown = frozenset({"retryAfter"})


class BadRequest(Problem):
    status = 400
    code = "bad_request"
    title = {"fr": "Requête illisible", "en": "Unreadable request"}
    sentence = {"fr": "La requête ne peut pas être lue ({why}).", "en": "The request cannot be read ({why})."}


class Unauthorized(Problem):
    """The proof of who asks is missing or not valid; which part of it failed is nobody's business."""

    status = 401
    code = "unauthorized"
    title = {"fr": "Authentification requise", "en": "Authentication required"}
    sentence = {
        "fr": "Présentez une clé d'agent ou de serveur, ou un jeton d'identité, valable (Authorization: Bearer …) : il manque, ou il ne donne pas accès à ce service.",
        "en": "Present a valid agent or server key, or identity token (Authorization: Bearer …): it is missing, or it does not give access to this service.",
    }
    headers = {"WWW-Authenticate": "Bearer"}


class Forbidden(Problem):
    status = 403
    code = "forbidden"
    title = {"fr": "Accès refusé", "en": "Access denied"}
    sentence = {
        "fr": "Vos droits ne permettent pas cette demande. Adressez-vous à l'administrateur du service.",
        "en": "Your rights do not allow this request. Please ask the administrator of the service.",
    }


class TooManyAttempts(Problem):
    status = 429
    code = "too_many_attempts"
    title = {"fr": "Trop d'essais", "en": "Too many attempts"}
    sentence = {
        "fr": "Trop d'essais refusés depuis cette adresse : réessayez dans {retry_after:.0f} secondes.",
        "en": "Too many refused attempts from this address: try again in {retry_after:.0f} seconds.",
    }
    shown = frozenset({"retryAfter"})


class SignInUnavailable(Problem):
    """Sessions are in Redis, which does not answer: none can be trusted meanwhile."""

    status = 503
    code = "sign_in_unavailable"
    title = {"fr": "Connexion indisponible", "en": "Sign-in unavailable"}
    sentence = {
        "fr": "Les sessions ne peuvent pas être vérifiées pour l'instant : réessayez dans un moment, ou présentez une clé d'agent.",
        "en": "Sessions cannot be verified at the moment: try again in a while, or present an agent's key.",
    }


class TenantUnknown(Problem):
    status = 400
    code = "tenant_unknown"
    title = {"fr": "Acheteur non précisé", "en": "Buyer not specified"}
    sentence = {
        "fr": "Ce service sert plusieurs acheteurs : dites lequel, par son identifiant exact (paramètre « tenant » ou en-tête X-Prefill-Tenant).",
        "en": "This service serves several buyers: say which one, by its exact id (parameter “tenant” or header X-Prefill-Tenant).",
    }


class AuditUnavailable(Problem):
    status = 503
    code = "audit_unavailable"
    title = {"fr": "Traçabilité indisponible", "en": "Audit trail unavailable"}
    sentence = {
        "fr": "L'accès aux données protégées doit être tracé et la trace ne peut pas être écrite : aucune donnée n'est servie. L'exploitant du service est prévenu, réessayez plus tard.",
        "en": "Access to protected data must leave a trace and the trace cannot be written: no data is served. The operator of the service has been told; try again later.",
    }


class DocumentUnknown(Problem):
    status = 404
    code = "document_unknown"
    title = {"fr": "Document inconnu", "en": "Unknown document"}
    sentence = {
        "fr": "Aucun document de cette source n'existe sous ce numéro pour cette entreprise. Le dossier liste ceux qui existent.",
        "en": "This source has no document of that number for this company. The dossier lists those that exist.",
    }


class DocumentRefused(Problem):
    """What the register's address leads to must not be served."""

    status = 502
    code = "document_refused"
    title = {"fr": "Document refusé", "en": "Document refused"}
    sentence = {
        "fr": "Le document annoncé par le registre n'est pas servi : {why}. Demandez-le à l'entreprise, et signalez-le à l'exploitant du service.",
        "en": "The document that the register names is not served: {why_en}. Ask the company for it, and tell the operator of the service.",
    }


class DocumentUnavailable(Problem):
    status = 503
    code = "document_unavailable"
    title = {"fr": "Document indisponible", "en": "Document unavailable"}
    sentence = {
        "fr": "Le document ne peut pas être obtenu pour l'instant : réessayez plus tard.",
        "en": "The document cannot be obtained at the moment: try again later.",
    }
    shown = frozenset({"retryAfter"})


class FormatUnavailable(Problem):
    status = 501
    code = "format_unavailable"
    title = {"fr": "Format indisponible", "en": "Format unavailable"}
    sentence = {
        "fr": "Ce service n'écrit pas de document « {kind} » : sa bibliothèque n'est pas installée. Demandez un autre format.",
        "en": "This service writes no “{kind}” document: its library is not installed. Ask for another format.",
    }


class EspdIncomplete(Problem):
    """The standard requires what no register gave; `missing` lists it, by JSON pointer."""

    status = 422
    code = "espd_incomplete"
    title = {"fr": "ESPD incomplet", "en": "Incomplete ESPD"}
    sentence = {
        "fr": "Le document ESPD ne peut pas encore être écrit : {count} information(s) restent à saisir. Donnez-les (POST, membre « declared »).",
        "en": "The ESPD document cannot be written yet: {count} item(s) remain to be given. Supply them (POST, member “declared”).",
    }
    shown = frozenset({"missing"})


class EspdUnreadable(Problem):
    status = 400
    code = "espd_unreadable"
    title = {"fr": "Document ESPD illisible", "en": "Unreadable ESPD document"}
    sentence = {
        "fr": "Ce document ne peut pas être lu : {why}. Envoyez le fichier XML tel que l'acheteur l'a publié.",
        "en": "This document cannot be read: {why_en}. Send the XML file as the buyer published it.",
    }


class EspdNotARequest(Problem):
    status = 422
    code = "espd_not_a_request"
    title = {"fr": "Ce n'est pas une demande", "en": "Not a Request"}
    sentence = {
        "fr": "Ce document est une réponse ESPD : seule une demande d'acheteur peut être complétée.",
        "en": "This document is an ESPD Response: only a buyer's Request can be completed.",
    }


class EspdVersionUnsupported(Problem):
    status = 422
    code = "espd_version_unsupported"
    title = {"fr": "Version d'ESPD non prise en charge", "en": "Unsupported ESPD version"}
    sentence = {
        "fr": "Cette demande est de la version {version} d'ESPD-EDM : elle peut être lue, pas complétée. Versions complétées : {known}. Les registres répondent à {matched} de ses {asked} critères : « criteria » dit où, dans le JSON du DUME.",
        "en": "This Request is of version {version} of ESPD-EDM: it can be read, not completed. Versions completed: {known}. Registers answer {matched} of its {asked} criteria: “criteria” says where, in the DUME's JSON.",
    }
    shown = frozenset({"version", "criteria"})


class EspdLotUnknown(Problem):
    status = 422
    code = "espd_lot_unknown"
    title = {"fr": "Lot à choisir", "en": "Choose a lot"}
    sentence = {
        "fr": "Une réponse porte sur un seul lot : donnez « lot », un de {lots}.",
        "en": "A Response is about one lot: give “lot”, one of {lots}.",
    }


class SettingsInvalid(Exception):
    """A setting has a value that cannot be used; the message is a full sentence that names it."""


def every_problem() -> tuple[type[Problem], ...]:
    """List the tree, root included, for the documentation and its test."""
    return (Problem, *Problem.__subclasses__())
