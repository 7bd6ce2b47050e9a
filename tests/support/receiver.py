"""An HTTP server on loopback that keeps what it is told, and answers as a test wants: well, badly, slowly or never."""

import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Told:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Its address, what it was told, and the event that lets those go who were made to wait."""

    url: str
    told: list[Told] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiving(answer: Callable[[BaseHTTPRequestHandler, Receiver], None]):
    """A server whose every request is answered by that function, after it was kept."""

    class Handler(BaseHTTPRequestHandler):
        def keep(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.told.append(Told(self.command, self.path, headers, body))
            answer(self, receiver)

        do_POST = do_PUT = do_GET = keep  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler, Receiver], None]:
    """Answers with a status and no body."""

    def answer(handler: BaseHTTPRequestHandler, _: Receiver) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def silence(_: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    """Takes the request and never answers."""
    receiver.over.wait(30)


def drip(handler: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    """Answers a letter at a time, so that no single wait is long and all of them have no end."""
    while not receiver.over.wait(0.05):
        try:
            handler.wfile.write(b"H")
            handler.wfile.flush()
        except OSError:
            return
