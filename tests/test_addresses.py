"""Addresses as settings hold them, never quoted with a password."""

import pytest

from prefill.addresses import BadValue, may_be_quoted, read_hosts, read_origins, read_web_address, split_address


@pytest.mark.parametrize("address", ["https://exemple.fr", "http://127.0.0.1:9080", "https://exemple.fr/api/"])
def test_a_web_address_is_https_or_of_this_machine(address):
    assert read_web_address(address) == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "http://exemple.fr",
        "exemple.fr",
        "ftp://exemple.fr",
        "https://agent:secret@exemple.fr",
        "https://exemple.fr/?a=secret",
    ],
)
def test_another_address_is_refused_without_being_quoted(address):
    with pytest.raises(BadValue) as refusal:
        read_web_address(address)

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("address", ["redis://:sec]ret@[exemple", "redis://exemple:port"])
def test_what_is_no_address_is_refused_without_being_quoted(address):
    with pytest.raises(BadValue) as refusal:
        split_address(address)

    assert "exemple" not in str(refusal.value)


def test_origins_have_a_scheme_and_no_path():
    assert read_origins("https://a.fr, http://b.fr:8080,*") == ("https://a.fr", "http://b.fr:8080", "*")
    for origin in ("https://a.fr/", "a.fr", "https://x:y@a.fr"):
        with pytest.raises(BadValue):
            read_origins(origin)


def test_hosts_are_names():
    assert read_hosts("WWW.Qualibat.com, a.fr") == ("www.qualibat.com", "a.fr")
    for host in ("localhost", "https://a.fr", "10.0.0.1"):
        with pytest.raises(BadValue):
            read_hosts(host)


@pytest.mark.parametrize(
    ("text", "quoted"), [("https://a.fr/x", True), ("a.fr", True), ("https://x:y@a.fr", False), ("a?b", False)]
)
def test_only_what_can_hold_no_password_is_quoted(text, quoted):
    assert may_be_quoted(text) is quoted
