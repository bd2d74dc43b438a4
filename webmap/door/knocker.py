"""Whose knock it is, said so that nobody can tell whose it was: a sealed word of today instead of an address."""

import hashlib
import hmac
from ipaddress import IPv6Address, ip_address, ip_network

from flask import current_app, request

from webmap import storage

HOME_BITS = 64
"""A household has as many addresses as it likes in IPv6; what is the same of them is its network."""


def sealed() -> str:
    """The word for the address behind this request; another one tomorrow."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    said = f"{storage.today().isoformat()} {network_of(request.remote_addr or '')}"
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()[:32]


def network_of(address: str) -> str:
    """An IPv4 address itself, the network of an IPv6 address, anything else as it is.

    Examples
    --------
    >>> network_of("203.0.113.9"), network_of("::ffff:203.0.113.9"), network_of("2001:db8:1:2:3::9")
    ('203.0.113.9', '203.0.113.9', '2001:db8:1:2::/64')
    """
    try:
        read = ip_address(address)
    except ValueError:
        return address
    if not isinstance(read, IPv6Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(ip_network((read, HOME_BITS), strict=False))
