"""Which names can be domains, and the form in which they are kept."""

import re

import pytest
from hypothesis import given as taking
from hypothesis import strategies as st

from services.core.errors import Invalid
from services.domains.names import hostname


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("api.example.com", "api.example.com"),
        (" API.Example.COM ", "api.example.com"),
        ("3com.example", "3com.example"),
        ("r3---sn.example.com", "r3---sn.example.com"),
        ("1.2.3.4.example", "1.2.3.4.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("straße.de", "xn--strae-oqa.de"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("\uff41\uff50\uff49.example.com", "api.example.com"),
        (f"{'a' * 63}.example.com", f"{'a' * 63}.example.com"),
        (".".join(["a" * 62] * 4), ".".join(["a" * 62] * 4)),
    ],
)
def test_a_hostname_is_kept_in_ascii_and_lower_case(given: str, kept: str) -> None:
    assert hostname(given) == kept
    assert hostname(kept) == kept


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "1 to 253"),
        (" ", "1 to 253"),
        ("localhost", "must have a dot"),
        ("example.com.", "letters, digits and hyphens"),
        (".example.com", "letters, digits and hyphens"),
        ("a..example.com", "letters, digits and hyphens"),
        ("a_b.example.com", "letters, digits and hyphens"),
        ("-a.example.com", "letters, digits and hyphens"),
        ("a-.example.com", "letters, digits and hyphens"),
        ("a b.example.com", "letters, digits and hyphens"),
        ("a.example.com\n.b", "letters, digits and hyphens"),
        ("a\x00.example.com", "letters, digits and hyphens"),
        (f"{'a' * 64}.example.com", "letters, digits and hyphens"),
        (".".join(["a" * 63] * 4), "1 to 253"),
        (".".join(["ü" * 12] * 19), "DNS can have"),
        ("*.example.com", "wildcards"),
        ("https://example.com", "no URL"),
        ("example.com/", "no URL"),
        ("example.com:443", "no URL"),
        ("::1", "no URL"),
        ("127.0.0.1", "IP address"),
        ("2130706433.1", "IP address"),
        ("127.0x1", "IP address"),
        ("①②⑦.⓪.⓪.①", "IP address"),
        ("xn--.example", "DNS can have"),
        ("xn--a.example", "DNS can have"),
        ("bü_cher.example", "DNS can have"),
        ("☃️.example", "DNS can have"),
        ("\ud800.example", "DNS can have"),
    ],
)
def test_what_is_no_hostname_is_said_to_be_none(given: str, why: str) -> None:
    with pytest.raises(Invalid) as invalid:
        hostname(given)
    (fault,) = invalid.value.faults
    assert fault.field == ("name",)
    assert why in fault.message


@taking(st.text() | st.from_regex(r"(?:xn--)?[a-z0-9\u00fc\u3002.-]+\.[a-z]+", fullmatch=True))
def test_any_text_is_refused_or_kept_as_dns_has_it(text: str) -> None:
    try:
        name = hostname(text)
    except Invalid:
        return
    assert len(name) <= 253
    assert re.fullmatch(r"(?!-)[a-z0-9-]+(?<!-)(?:\.(?!-)[a-z0-9-]+(?<!-))+", name)
    assert hostname(name) == name
