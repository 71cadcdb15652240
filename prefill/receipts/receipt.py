"""Issue and verify receipts: compact JWS (RFC 7515), signed with Ed25519 (RFC 8037).

A receipt says: on that day, for that buyer, form and procedure, these registers gave these values to the fields of
that company's form. It holds no value and no company number, only salted digests. Nothing is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from prefill.receipts.digests import digest, is_nested
from prefill.receipts.keys import SigningKey

ALGORITHM = "EdDSA"
TYPE = "prefill-receipt+jws"
SUBJECT = "siret"  # the pointer under which the company's number is digested
MAX_LENGTH = 64_000  # characters of a receipt
VALID_FOR = timedelta(days=183)  # what the law has asked again every six months (article D8222-5 of the labour code)


class FieldState(StrEnum):
    """What a value that was sent is, beside the receipt."""

    VERIFIED = "verified"  # what the register said
    EXPIRED = "expired"  # what the register said, too long ago
    MODIFIED = "modified"  # the register said something else
    TYPED = "typed"  # no register said anything


class Refusal(StrEnum):
    """Why a receipt proves nothing."""

    UNREADABLE = "unreadable"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    OTHER_COMPANY = "other_company"
    OTHER_PROCEDURE = "other_procedure"


@dataclass(frozen=True, slots=True)
class Statement:
    """Where a value comes from: source, and the day when it was told or that the register dates it."""

    source: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says once its signature is verified."""

    day: date
    buyer: str
    form: str
    procedure: str
    sandbox: bool
    salt: str
    subject: str
    digests: Mapping[str, str]
    statements: Mapping[str, Statement]


@dataclass(frozen=True, slots=True)
class Verification:
    """A receipt beside what was sent: why it proves nothing, or what each value is."""

    refusal: Refusal | None
    receipt: Receipt | None = None
    fields: Mapping[str, FieldState] | None = None


class InvalidReceipt(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class Receipts:
    """Signs with the first key, verifies with all of them."""

    def __init__(self, keys: tuple[SigningKey, ...], *, sandbox: bool = False) -> None:
        self._keys = {key.kid: key for key in keys}
        self._signer = keys[0]
        self._sandbox = sandbox

    @property
    def jwks(self) -> dict[str, list[dict[str, str]]]:
        return {"keys": [key.jwk for key in self._keys.values()]}

    def issue(
        self,
        siret: str,
        values: Mapping[str, tuple[Any, Statement]],
        *,
        day: date,
        buyer: str,
        form: str,
        procedure: str,
    ) -> str:
        """Sign what the registers said; `values` are by JSON pointer. The same call gives the same receipt."""
        import jwt  # only where receipts are signed

        salt = self._signer.salt(f"{siret}\n{day.isoformat()}\n{buyer}\n{form}\n{procedure}")
        sources = sorted({(one.source, one.day and one.day.isoformat()) for _, one in values.values()}, key=str)
        claims = {
            "day": day.isoformat(),
            "buyer": buyer,
            "form": form,
            "procedure": procedure,
            "salt": salt,
            "subject": digest(salt, SUBJECT, siret),
            "sources": [list(one) for one in sources],
            "fields": {
                pointer: [
                    digest(salt, pointer, value),
                    sources.index((one.source, one.day and one.day.isoformat())),
                ]
                for pointer, (value, one) in values.items()
            },
            **({"sandbox": True} if self._sandbox else {}),
        }
        payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"kid": self._signer.kid, "typ": TYPE}
        return jwt.api_jws.encode(payload, self._signer.private, algorithm=ALGORITHM, headers=headers)

    def read(self, text: str) -> Receipt:
        """Verify the signature and read the receipt. Raises `InvalidReceipt`."""
        import jwt

        try:
            kid = jwt.get_unverified_header(text)["kid"] if len(text) <= MAX_LENGTH else None
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
            kid = None
        if not isinstance(kid, str):
            raise InvalidReceipt(Refusal.UNREADABLE)
        if kid not in self._keys:
            raise InvalidReceipt(Refusal.UNKNOWN_KEY)
        try:
            payload = jwt.api_jws.decode(text, self._keys[kid].public, algorithms=[ALGORITHM])
        except jwt.InvalidTokenError:
            raise InvalidReceipt(Refusal.SIGNATURE) from None
        return _read_claims(json.loads(payload))

    def verify(
        self, text: str, *, siret: str, values: Mapping[str, Any], today: date, procedure: str | None = None
    ) -> Verification:
        """Hold what was sent for a company (and a procedure) against a receipt."""
        try:
            receipt = self.read(text)
        except InvalidReceipt as fault:
            return Verification(fault.refusal)
        if receipt.subject != digest(receipt.salt, SUBJECT, siret):
            return Verification(Refusal.OTHER_COMPANY, receipt)
        if procedure is not None and procedure != receipt.procedure:
            return Verification(Refusal.OTHER_PROCEDURE, receipt)
        states = {pointer: _state(receipt, pointer, value, today) for pointer, value in values.items()}
        return Verification(None, receipt, states)


def _state(receipt: Receipt, pointer: str, value: Any, today: date) -> FieldState:
    known = receipt.digests.get(pointer)
    if known is None:
        return FieldState.TYPED
    if is_nested(value) or known != digest(receipt.salt, pointer, value):
        return FieldState.MODIFIED
    return FieldState.EXPIRED if today - receipt.day > VALID_FOR else FieldState.VERIFIED


def _read_claims(claims: Mapping[str, Any]) -> Receipt:
    statements = [Statement(name, date.fromisoformat(day) if day else None) for name, day in claims["sources"]]
    return Receipt(
        day=date.fromisoformat(claims["day"]),
        buyer=claims["buyer"],
        form=claims["form"],
        procedure=claims["procedure"],
        sandbox=claims.get("sandbox", False),
        salt=claims["salt"],
        subject=claims["subject"],
        digests={pointer: known for pointer, (known, _) in claims["fields"].items()},
        statements={pointer: statements[place] for pointer, (_, place) in claims["fields"].items()},
    )
