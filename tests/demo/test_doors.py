from slatrack.demo.doors import Doors
from tests.servers.process import free_port


def test_the_doors_leave_the_port_of_the_grpc_receiver_alone():
    first = free_port()

    doors = Doors.open(first, kept_free=first + 1)

    ports = {door.getsockname()[1] for door in (doors.gateway, doors.webhook, doors.smtp)}
    for door in (doors.gateway, doors.webhook, doors.smtp):
        door.close()
    assert len(ports) == 3
    assert first + 1 not in ports
