"""Which addresses of a register a page may link to."""

import pytest

from prefill.domain.answer_shapes.links import host_of, is_lasting_link, is_outside_link

GOOD = "https://www.qualibat.com/certificat.pdf"


@pytest.mark.parametrize(
    "address",
    [
        "http://www.qualibat.com/a.pdf",
        "//www.qualibat.com/a.pdf",
        "https://agent@www.qualibat.com/a.pdf",
        "https://www.qualibat.com:8443/a.pdf",
        "https://www.qualibat.com:port/a.pdf",
        "https://www.qualibat.com\\@evil.example/a.pdf",
        "https://www.qualibat.com/a b.pdf",
        "https://www.qualib\u0430t.com/a.pdf",
        "https://[::1]/a.pdf",
        "https://2130706433/a.pdf",
        "https://registre.local/a.pdf",
        "https:///a.pdf",
        "",
    ],
)
def test_what_is_no_public_https_address_is_no_link(address):
    assert not is_outside_link(address)
    assert not is_lasting_link(address)


def test_the_default_port_may_be_written():
    assert is_outside_link("https://www.qualibat.com:443/a.pdf")
    assert is_lasting_link(GOOD)
    assert host_of(GOOD) == "www.qualibat.com"


@pytest.mark.parametrize("host", ["entreprise.api.gouv.fr", "storage.entreprise.api.gouv.fr"])
def test_addresses_of_api_entreprise_do_not_last(host):
    assert is_outside_link(f"https://{host}/a.pdf")
    assert not is_lasting_link(f"https://{host}/a.pdf")
