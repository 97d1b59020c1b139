"""Which addresses are refused: the corpus of ways to write an address that leads inside."""

import pytest

from gennaker.core.outbound.address import networks, refusal

INSIDE = [
    "0.0.0.0",
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "240.0.0.1",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:a00:1",
    "::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "2001:db8::1",
    "4000::1",
]
OUTSIDE = ["1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_leads_inside_is_refused(address: str) -> None:
    assert refusal(address, ())


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_public_address_is_permitted(address: str) -> None:
    assert refusal(address, ()) is None


@pytest.mark.parametrize(
    ("address", "range_"),
    [
        ("10.1.2.3", "10.1.0.0/16"),
        ("127.0.0.1", "127.0.0.0/8"),
        ("::1", "::1/128"),
        ("::ffff:10.1.2.3", "10.1.0.0/16"),
        ("64:ff9b::10.1.2.3", "10.1.0.0/16"),
        ("fe80::1%eth0", "fe80::/10"),
    ],
)
def test_a_range_of_the_configuration_opens_what_it_holds(address: str, range_: str) -> None:
    assert refusal(address, networks([range_])) is None


def test_a_range_opens_nothing_else() -> None:
    assert refusal("10.2.0.1", networks(["10.1.0.0/16", "::1/128"])) == "a private address"


def test_an_address_that_carries_an_open_and_a_closed_one_is_refused() -> None:
    # Teredo: the server is in the open range, the client behind it is not.
    teredo = "2001:0:a01:1:8000:63bf:5601:5601"
    assert refusal(teredo, networks(["10.1.0.0/16"]))
