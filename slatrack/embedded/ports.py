"""Ports: taken before anything starts, so that a busy one is said at once and in words."""

import errno
import socket


class PortBusyError(Exception):
    """Somebody else listens there."""


def take(host: str, port: int, *, setting: str) -> socket.socket:
    """Return a listening socket; PortBusyError names the port and the setting to change."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise PortBusyError(
                f"Cannot listen on {host}, port {port}: {error.strerror}"
            ) from error
        raise PortBusyError(
            f"Port {port} on {host} is in use, perhaps by another slatrack. "
            f"Stop that, or choose another port: {setting}={port + 10}"
        ) from error


def take_near(host: str, port: int) -> socket.socket:
    """Return a listening socket at this port, or at any free one if it is busy."""
    try:
        return take(host, port, setting="")
    except PortBusyError:
        return take(host, 0, setting="")


def url(taken: socket.socket) -> str:
    """Return the address of a server at this socket."""
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
