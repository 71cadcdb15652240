"""A receipt tells what the registers said of what was sent, and nothing to who changes it."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from prefill.receipts.digests import canonical, digest, encode
from prefill.receipts.keys import KeyUnreadable, new_seed, read_keys
from prefill.receipts.receipt import VALID_FOR, FieldState, InvalidReceipt, Receipts, Refusal, Statement

OLD, NEW = "A" * 42 + "A", "B" * 42 + "A"
DAY = date(2026, 11, 30)
SIRET, OTHER = "00000100800010", "00000200700018"
INSEE, RCS = Statement("etablissements", date(2026, 11, 28)), Statement("extraits_rcs_infogreffe", None)
VALUES = {"/name": ("MENUISERIE DU VAL DORE", INSEE), "/town": ("Lyon", INSEE), "/court": ("Lyon", RCS)}
SENT = {"/name": "MENUISERIE DU VAL DORE", "/town": "Villeurbanne", "/court": "Lyon", "/turnover": "1 000"}


def receipts(*seeds: str, sandbox: bool = False) -> Receipts:
    return Receipts(read_keys(seeds or (NEW,)), sandbox=sandbox)


def issued(issuer: Receipts, procedure: str = "2026-42") -> str:
    return issuer.issue(SIRET, VALUES, day=DAY, buyer="21690123100011", form="dume", procedure=procedure)


def verified(text: str, by: Receipts | None = None, **changes):
    return (by or receipts()).verify(text, **{"siret": SIRET, "values": SENT, "today": DAY, **changes})


def test_each_value_is_what_it_is_beside_the_registers():
    found = verified(issued(receipts()), procedure="2026-42")

    assert found.refusal is None
    assert found.fields == {
        "/name": FieldState.VERIFIED,
        "/town": FieldState.MODIFIED,
        "/court": FieldState.VERIFIED,
        "/turnover": FieldState.TYPED,
    }
    assert found.receipt.statements["/name"] == INSEE
    assert (found.receipt.buyer, found.receipt.form, found.receipt.day) == ("21690123100011", "dume", DAY)


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}], ids=["lists", "objects"])
def test_a_value_nested_without_end_is_modified_and_costs_nothing(wrap):
    """Each level is written inside the text of the one above: its marks are doubled a hundred times."""
    nested = "Lyon"
    for _ in range(100):
        nested = wrap(nested)

    assert verified(issued(receipts()), values={"/town": nested}).fields == {"/town": FieldState.MODIFIED}


def test_no_value_and_no_company_stand_in_a_receipt():
    payload = issued(receipts()).split(".")[1]
    text = urlsafe_b64decode(payload + "==").decode()

    assert not any(word in text for word in ("MENUISERIE", "Lyon", SIRET, SIRET[:9]))


def test_the_digest_is_the_documented_one():
    claims = json.loads(urlsafe_b64decode(issued(receipts()).split(".")[1] + "=="))
    by_hand = hashlib.sha256(f"{claims['salt']}\n/town\nLyon".encode()).digest()[:16]

    assert claims["fields"]["/town"][0] == encode(by_hand)


def test_the_same_answer_gives_the_same_receipt_and_another_procedure_another_salt():
    assert issued(receipts()) == issued(receipts())
    assert issued(receipts(), "2026-43").split(".")[1] != issued(receipts()).split(".")[1]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"siret": OTHER}, Refusal.OTHER_COMPANY),
        ({"procedure": "2026-43"}, Refusal.OTHER_PROCEDURE),
        ({"by": receipts(OLD)}, Refusal.UNKNOWN_KEY),
    ],
)
def test_a_receipt_of_something_else_proves_nothing(changes, refusal):
    found = verified(issued(receipts()), **changes)

    assert found.refusal is refusal
    assert found.fields is None


def test_every_flipped_bit_is_seen():
    text = issued(receipts())
    _, payload, signature = text.split(".")
    for part in (payload, signature):
        raw = bytearray(urlsafe_b64decode(part + "=="))
        for place in range(0, len(raw), 7):
            raw[place] ^= 1
            changed = text.replace(part, encode(bytes(raw)))
            raw[place] ^= 1
            assert verified(changed).refusal is Refusal.SIGNATURE, place


@given(some.text(max_size=300))
def test_any_text_is_a_refusal(text):
    with pytest.raises(InvalidReceipt):
        receipts().read(text)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_other_algorithm_is_believed(algorithm):
    head = encode(json.dumps({"alg": algorithm, "kid": read_keys([NEW])[0].kid}).encode())
    payload, signature = issued(receipts()).split(".")[1:]

    assert verified(f"{head}.{payload}.{signature}").refusal is Refusal.SIGNATURE


def test_a_former_key_still_verifies_and_signs_no_more():
    before, after = receipts(OLD), receipts(NEW, OLD)

    assert verified(issued(before), by=after).refusal is None
    assert verified(issued(after), by=before).refusal is Refusal.UNKNOWN_KEY


def test_what_was_said_more_than_six_months_ago_is_expired():
    text = issued(receipts())

    assert verified(text, today=DAY + VALID_FOR).fields["/name"] is FieldState.VERIFIED
    assert verified(text, today=DAY + VALID_FOR + timedelta(1)).fields["/name"] is FieldState.EXPIRED


def test_a_receipt_of_the_sandbox_says_so():
    assert verified(issued(receipts(sandbox=True))).receipt.sandbox
    assert not verified(issued(receipts())).receipt.sandbox


@pytest.mark.parametrize("seed", ["", "A" * 42, "A" * 44, "é" * 43, "A" * 42 + "="])
def test_a_seed_is_43_characters_of_base64url(seed):
    with pytest.raises(KeyUnreadable):
        read_keys([seed])


def test_a_new_seed_is_a_key_whose_repr_tells_nothing():
    seed = new_seed()
    [key] = read_keys([seed])

    assert seed not in repr(key)
    assert set(key.jwk) == {"crv", "kty", "x", "kid", "use", "alg"}


@pytest.mark.parametrize(
    ("shown", "sent"), [(12, "12"), (12.5, "12.5"), (True, "true"), ("Cafe\u0301  noir", " Caf\u00e9 noir ")]
)
def test_a_form_field_holds_the_same_value_as_the_json(shown, sent):
    assert canonical(shown) == canonical(sent)
    assert digest("s", "/a", shown) == digest("s", "/a", sent)
