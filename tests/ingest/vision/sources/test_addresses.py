from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.contract import SourceFailed, SourceRefused

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.10",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "fe80::1",
    "fd00::5",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "64:ff9b:1::808:808",
    "2002:7f00:1::",
    "::",
    "::10.0.0.1",
    "::127.0.0.1",
    "::ffff:0:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "fec0::1",
    "feff::1",
    "5f00::1",
    "4000::1",
    "100::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public_are_refused_unless_listed(address: str) -> None:
    with pytest.raises(SourceRefused, match="allow_networks"):
        AllowedNetworks.of(()).check(address)


def test_public_addresses_need_no_listing() -> None:
    for address in ("8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808", "2002:808:808::1"):
        assert AllowedNetworks.of(()).check(address) == address


def test_a_listed_network_allows_what_is_in_it_and_nothing_else() -> None:
    allowed = AllowedNetworks.of(["10.20.0.0/16"])
    assert allowed.check("10.20.3.4") == "10.20.3.4"
    assert allowed.allows("::ffff:10.20.3.4")
    with pytest.raises(SourceRefused):
        allowed.check("10.21.0.1")


@pytest.mark.parametrize(
    ("network", "address"),
    [("fec0::/10", "fec0::5"), ("64:ff9b:1::/48", "64:ff9b:1::a00:5"), ("::1/128", "::1"), ("fd00::/8", "fd00::5")],
)
def test_a_network_that_is_not_public_may_be_listed(network: str, address: str) -> None:
    assert AllowedNetworks.of([network]).allows(address)


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1"])
def test_other_spellings_of_an_address_are_the_same_address(spelling: str) -> None:
    with pytest.raises(SourceRefused):
        AllowedNetworks.of(()).check(spelling)


def test_a_name_that_leads_to_a_private_address_is_refused_and_both_are_named() -> None:
    allowed = AllowedNetworks((), lambda _: ("10.0.0.9",))
    with pytest.raises(SourceRefused, match=r"gate\.example.*10\.0\.0\.9"):
        allowed.check("gate.example")


def test_of_several_addresses_of_a_name_an_allowed_one_is_taken() -> None:
    allowed = AllowedNetworks((), lambda _: ("10.0.0.9", "8.8.4.4"))
    assert allowed.check("gate.example") == "8.8.4.4"


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind() -> None:
    answers = iter([("127.0.0.1",), ("8.8.8.8",)])
    asked: list[str] = []

    def resolve(host: str) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    allowed = AllowedNetworks(AllowedNetworks.of(["127.0.0.1/32"]).networks, resolve)
    # Nobody listens there; had the name been resolved again, the error would be another one.
    with pytest.raises(SourceFailed, match="refused"):
        allowed.connect("gate.example", 1)
    assert asked == ["gate.example"]


def test_a_name_that_nobody_knows_may_be_known_later() -> None:
    with pytest.raises(SourceFailed, match="not known"):
        AllowedNetworks.of(()).check("no-such-host.invalid")


def test_what_no_host_can_be_called_is_refused() -> None:
    with pytest.raises((SourceRefused, SourceFailed)):
        AllowedNetworks.of(()).check("a" * 300 + ".example")


@given(st.ip_addresses())
def test_whatever_is_listed_is_allowed(address: object) -> None:
    assert AllowedNetworks.of(["0.0.0.0/0", "::/0"]).allows(str(address).partition("%")[0])


@given(
    st.ip_addresses(v=4) | st.ip_addresses(v=4, network="10.20.0.0/15"),
    st.sampled_from(["::", "::ffff:", "::ffff:0:", "64:ff9b::"]),
)
def test_an_address_is_judged_the_same_however_it_is_wrapped(address: object, prefix: str) -> None:
    judge = AllowedNetworks.of(["10.20.0.0/16"])
    assert judge.allows(f"{prefix}{address}") == judge.allows(str(address))
