"""Where messages may go: public addresses, and the networks that the installation allows.

A name is looked up once, the address found is judged, and that very address is connected to: a
name that answers differently the next time (rebinding) gains nothing.
"""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_NAT64 = ip_network("64:ff9b::/96")


class Forbidden(Exception):
    """An address that must not be reached from here; the text says which and what to do."""


def resolve(host: str, port: int, allowed: str) -> Address:
    """Return the address to connect to for `host`; Forbidden if any of its addresses is not public.

    `allowed` lists networks, comma-separated, that may be reached nevertheless. OSError: no such
    host.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not is_public(address) and not is_allowed(address, allowed):
            raise Forbidden(
                f"{host} is {address}, which is not a public address: "
                "allow its network in SLATRACK_ALERT_ALLOWED_NETWORKS if it is meant"
            )
    return addresses[0]


def is_public(address: Address) -> bool:
    """Whether an address is one of the open Internet, looked at through IPv6 wrappings of IPv4."""
    return all(
        one.is_global and not (one.is_multicast or one.is_reserved) for one in _meant(address)
    )


def is_allowed(address: Address, allowed: str) -> bool:
    """Whether one of the `allowed` networks, comma-separated, holds the address."""
    networks = [ip_network(part.strip()) for part in allowed.split(",") if part.strip()]
    return any(one in network for one in _meant(address)[-1:] for network in networks)


def _meant(address: Address) -> Sequence[Address]:
    """Return the addresses that reaching this one would reach; the innermost last."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.sixtofour:
        return [address, address.sixtofour]
    if address.teredo:
        return [address, *address.teredo]
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    return [address]


@contextmanager
def cut_off(seconds: float, sock: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Shut the socket down after `seconds`: time-outs of single reads let a slow dripper go on.

    It is done again until the block ends: the socket may only come to be, or be wrapped, later.
    """
    done = threading.Event()

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            wait = 0.1
            held = sock()
            if held is not None:
                with suppress(OSError):  # closed already
                    held.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=watch, name="cut-off", daemon=True).start()
    try:
        yield
    finally:
        done.set()
