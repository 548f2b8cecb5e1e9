import socket
from pathlib import Path

import pytest

from slatrack.embedded.claim import FolderInUseError, claim
from slatrack.embedded.ports import PortBusyError, take, take_near, url

HOST = "127.0.0.1"


def test_a_busy_port_is_named_with_the_setting_to_change():
    with take(HOST, 0, setting="") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortBusyError) as caught:
            take(HOST, port, setting="SLATRACK_HTTP_PORT")
    assert f"Port {port} on {HOST} is in use" in str(caught.value)
    assert f"SLATRACK_HTTP_PORT={port + 10}" in str(caught.value)


def test_an_address_of_another_machine_is_no_busy_port():
    with pytest.raises(PortBusyError, match=r"Cannot listen on 192\.0\.2\.1"):
        take("192.0.2.1", 0, setting="")


def test_another_port_is_taken_where_any_will_do():
    with take(HOST, 0, setting="") as taken:
        port = taken.getsockname()[1]
        with take_near(HOST, port) as other:
            assert other.getsockname()[1] != port
            with socket.create_connection(other.getsockname()):
                assert url(other) == f"http://{HOST}:{other.getsockname()[1]}"


def test_a_data_folder_belongs_to_one_process(tmp_path: Path):
    folder = tmp_path / "data"
    held = claim(folder)
    with pytest.raises(FolderInUseError, match=r"in use by process \d+"):
        claim(folder)
    held.close()
    claim(folder).close()
