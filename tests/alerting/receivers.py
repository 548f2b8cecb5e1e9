"""The outside: a web server and a mail server on loopback that answer as a test tells them."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What was received, and what is answered next (the last answer is repeated)."""

    port: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    hangs: threading.Event | None = None  # set: answer only once this is

    def next_answer(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@contextmanager
def web(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[Receiver]:
    """Serve POST with status, headers and body of each answer."""
    receiver = Receiver(answers=list(answers) or [(200, {}, b"thanks")])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            if receiver.hangs is not None:
                receiver.hangs.wait(30)
            status, headers, content = receiver.next_answer()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # who calls need not listen to the end
                self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler), receiver):
        yield receiver


@contextmanager
def mail(*answers: str, greeting: str = "220 ready") -> Iterator[Receiver]:
    """Speak SMTP; each answer is the reply to one message, "250 queued as 1" if none is given."""
    receiver = Receiver(answers=list(answers) or ["250 queued as 1"])

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say(greeting)
            while line := self.rfile.readline().decode().strip():
                verb = line.partition(" ")[0].upper()
                if verb == "DATA":
                    self.say("354 go on")
                    receiver.got.append(({}, b"".join(iter(self.rfile.readline, b".\r\n"))))
                    self.say(receiver.next_answer())
                elif verb == "RCPT" and "nobody@" in line:
                    self.say("550 no such user")
                elif verb == "QUIT":
                    return self.say("221 bye")
                else:
                    self.say("250 fine")
            return None

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    with _serving(server, receiver):
        yield receiver


@contextmanager
def _serving(server: socketserver.TCPServer, receiver: Receiver) -> Iterator[None]:
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.block_on_close = False  # type: ignore[attr-defined]
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        if receiver.hangs is not None:
            receiver.hangs.set()
        server.shutdown()
        server.server_close()
        thread.join()
