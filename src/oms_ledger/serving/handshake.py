"""TLS handshakes of the server: bounded in time, and each has a place among the connections.

The event loop's own server tells nothing of a connection before the end of its handshake, so that
connections are accepted here.
"""

from __future__ import annotations

import asyncio
import socket
from asyncio import Transport
from contextlib import suppress
from ssl import SSLContext

import structlog
import uvicorn

from oms_ledger.serving.wire import HEAD_SECONDS_MAX, LimitedHttpProtocol, connections_of

log = structlog.get_logger(__name__)

HANDSHAKE_SECONDS_MAX = HEAD_SECONDS_MAX
"""How long a TLS handshake may take."""

ACCEPTED_AT_ONCE = 100

PAUSE_SECONDS = 1.0
"""Pause before more is accepted, where the machine has no room for another connection."""


class LimitedServer(uvicorn.Server):
    """A server of `LimitedHttpProtocol`; over TLS where there is a `context`."""

    def __init__(self, config: uvicorn.Config, context: SSLContext | None) -> None:
        super().__init__(config)
        self._context = context

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._context is None:
            await super().startup(sockets)
            return
        await super().startup([])
        listeners = [TlsListener(self, each, self._context) for each in sockets or ()]
        self.servers = listeners  # type: ignore[assignment]  # uvicorn closes them, and waits

    def protocol(self, handshake: Handshake) -> SecuredHttpProtocol:
        """The protocol of a connection, once its handshake has ended."""
        state, app_state = self.server_state, self.lifespan.state
        made = SecuredHttpProtocol(config=self.config, server_state=state, app_state=app_state)
        made.handshake = handshake
        return made


class SecuredHttpProtocol(LimitedHttpProtocol):
    """A connection over TLS. It takes the place of its handshake."""

    handshake: Handshake

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as its base
        self.handshake.end()
        super().connection_made(transport)


class TlsListener:
    """Accepts connections at a socket. Belongs to one event loop."""

    def __init__(self, server: LimitedServer, sock: socket.socket, context: SSLContext) -> None:
        self._server = server
        self._sock = sock
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._handshakes: set[asyncio.Task[None]] = set()
        sock.setblocking(False)
        self._listen()

    def _listen(self) -> None:
        self._loop.add_reader(self._sock.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, peer = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                log.error("connections_not_accepted", error=repr(error))
                self._loop.remove_reader(self._sock.fileno())
                self._loop.call_later(PAUSE_SECONDS, self._go_on)
                return
            address = str(peer[0]) if isinstance(peer, tuple) else ""
            handshake = Handshake(self._server, accepted, address)
            if handshake.begin(self._context):
                assert handshake.task is not None
                self._handshakes.add(handshake.task)
                handshake.task.add_done_callback(self._handshakes.discard)

    def _go_on(self) -> None:
        if self._sock.fileno() >= 0:
            self._listen()

    def close(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
        for task in self._handshakes:
            task.cancel()

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._handshakes, return_exceptions=True)


class Handshake:
    """A connection until the end of its handshake, as `connections.ClientConnection`."""

    caller: str | None = None
    is_quiet = True

    def __init__(self, server: LimitedServer, sock: socket.socket, address: str) -> None:
        self.address = address
        self.task: asyncio.Task[None] | None = None
        self._server = server
        self._sock = sock
        self._connections = connections_of(server.server_state, server.config)

    def begin(self, context: SSLContext) -> bool:
        """Begin the handshake; False where there is no place for the connection."""
        if not self._connections.add(self):
            self._sock.close()
            return False
        self.task = asyncio.get_running_loop().create_task(self._shake_hands(context))
        return True

    def end(self) -> None:
        """Give up the place."""
        self._connections.remove(self)

    def drop(self) -> None:
        if self.task is not None:
            self.task.cancel()
        self._close()  # a task that has not begun ends without

    async def _shake_hands(self, context: SSLContext) -> None:
        try:
            self._sock.setblocking(False)
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._server.protocol(self),
                self._sock,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS_MAX,
            )
        except OSError:  # no TLS, no common version, too slow, or gone
            self._close()
        except asyncio.CancelledError:  # out of place, or the server stops
            self._close()
            raise
        finally:
            self.end()

    def _close(self) -> None:
        """End the connection at once, whatever the event loop still has open of it."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
