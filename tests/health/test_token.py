"""What a token says of itself."""

import base64
import json
from datetime import datetime, timedelta

import pytest

from prefill.domain.dates import PARIS
from prefill.health.token import check_recipient, check_token, token_expiry

NOW = datetime(2026, 11, 30, 12, tzinfo=PARIS)


def jwt(claims):
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}.c2ln"


def expiring(**after):
    return jwt({"exp": (NOW + timedelta(**after)).timestamp()})


@pytest.mark.parametrize(
    ("token", "ok", "said"),
    [
        ("opaque", True, "ne dit pas sa date"),
        (expiring(days=90), True, "valable jusqu'au 28/02/2027"),
        (expiring(days=59), True, "expire bientôt, le 28/01/2027"),
        (expiring(seconds=0), False, "a expiré le 30/11/2026"),
        (expiring(days=-1), False, "a expiré le 29/11/2026"),
    ],
)
def test_the_last_day_of_a_token_is_told(token, ok, said):
    check = check_token(token, NOW)

    assert check.ok is ok
    assert said in check.message
    assert token not in check.message


@pytest.mark.parametrize("token", ["", "a.b", "a.!!.c", jwt([]), jwt({}), jwt({"exp": "demain"}), jwt({"exp": 1e30})])
def test_a_token_that_says_nothing_readable_has_no_expiry(token):
    assert token_expiry(token) is None


def test_a_buyer_is_needed():
    assert check_recipient("21750001600019").ok
    assert not check_recipient(None).ok
