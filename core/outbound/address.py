"""Which addresses may be connected to.

Separate because it is a pure rule with its own corpus of attacks. An IPv6 address that carries an IPv4 address is judged by that too.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Ranges that lead inside, named for the message. Python's own lists differ between its releases, so these are written out.
_CLOSED: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "an address of this machine"),
    ("127.0.0.0/8", "a loopback address"),
    ("169.254.0.0/16", "a link-local address (metadata services are there)"),
    ("10.0.0.0/8", "a private address"),
    ("172.16.0.0/12", "a private address"),
    ("192.168.0.0/16", "a private address"),
    ("100.64.0.0/10", "a shared (carrier or cluster) address"),
    ("168.63.129.16/32", "a cloud's host service"),
    ("192.0.0.0/24", "a reserved address"),
    ("192.0.2.0/24", "a reserved address"),
    ("192.88.99.0/24", "a reserved address"),
    ("198.18.0.0/15", "a reserved address"),
    ("198.51.100.0/24", "a reserved address"),
    ("203.0.113.0/24", "a reserved address"),
    ("224.0.0.0/4", "a multicast address"),
    ("240.0.0.0/4", "a reserved or broadcast address"),
    ("::/128", "an address of this machine"),
    ("::1/128", "a loopback address"),
    ("fe80::/10", "a link-local address"),
    ("fc00::/7", "a private address"),
    ("fec0::/10", "a private address"),
    ("ff00::/8", "a multicast address"),
    ("64:ff9b:1::/48", "a reserved address"),
    ("100::/64", "a reserved address"),
    ("2001:db8::/32", "a reserved address"),
    ("3fff::/20", "a reserved address"),
    ("5f00::/16", "a reserved address"),
)
_NETWORKS = tuple((ip_network(text), kind) for text, kind in _CLOSED)
_GLOBAL_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


def networks(ranges: Iterable[str]) -> tuple[Network, ...]:
    """Ranges such as `10.0.0.0/8`. Raises ValueError for what is none."""
    return tuple(ip_network(text) for text in ranges)


def refusal(text: str, allowed: Iterable[Network]) -> str | None:
    """What is wrong with connecting to an address (`a private address`); None when nothing is."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    allowed = tuple(allowed)
    if _within(address, allowed):
        return None
    if kind := _closed(address):
        return kind
    carried = (one for one in _carried(address) if not _within(one, allowed))
    return next((kind for one in carried if (kind := _closed(one))), None)


def _closed(address: Address) -> str | None:
    for network, kind in _NETWORKS:
        if _within(address, (network,)):
            return kind
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6 and address not in _NAT64:
        return "a reserved address"
    return None


def _carried(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses inside an IPv6 address: NAT64, 6to4, Teredo (server and client)."""
    if not isinstance(address, IPv6Address):
        return ()
    found = [address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return tuple(one for one in found if one is not None)


def _within(address: Address, ranges: Iterable[Network]) -> bool:
    return any(network.version == address.version and address in network for network in ranges)
