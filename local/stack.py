"""The process tree: PostgreSQL, the functions, and in this process everything with a URL.

What is started is stopped in reverse order, whatever happened, each by its own pid.
"""

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import hmac
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web

from local import auth, bus, emulator, front, postgres
from local.bus import LocalBus
from local.mail import Mailbox
from local.policies import Policies
from local.postgres import PROJECT, Broken
from local.realtime import Realtime
from local.tokens import Keys, vapid_keys

# Four times as often as in the cloud: who waits in a demo need not wait long to be told of.
SWEEP_EVERY = 15.0
CALCOM_URL = "https://agenda.foxeo.example/mikl/decouverte"
SCHEDULER = ("visio-local-sweep", "scheduler@visio-local.iam.gserviceaccount.com")


class Stack:
    """One origin on 127.0.0.1. `environ` holds the contract's variables, all optional."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.home = Path(environ.get("VISIO_HOME") or ".visio").resolve()
        self._calcom_url = environ.get("CALCOM_URL") or CALCOM_URL
        self._stop = asyncio.Event()
        self._fault: str | None = None
        self._kept_push_token, self._push_token_until = "", 0.0
        self._cleanup = contextlib.AsyncExitStack()

    async def run(self) -> None:
        """Serve until SIGINT, SIGTERM, or the terminal is closed, but not where `nohup` says so.

        Raises Broken when something is missing or ends.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, self._stop.set)
        async with self._cleanup:
            await self._start()
            await self._stop.wait()
            with contextlib.suppress(OSError):  # a terminal that was closed takes no words
                print("visio: stopping", flush=True)
        if self._fault is not None:
            raise Broken(self._fault)

    async def _start(self) -> None:
        listening = _listen(_port(self._environ))
        self._cleanup.callback(listening.close)
        self._lock_home()
        self.origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.keys = Keys.load(self.home, self._environ.get("SUPABASE_JWT_SECRET") or None)
        admin_url = await self._start_database()
        login = await asyncio.to_thread(_prepare, admin_url, self._derived("functions login"))

        functions_socket = _listen(0)
        base = f"http://127.0.0.1:{functions_socket.getsockname()[1]}"
        self._session = await self._cleanup.enter_async_context(
            ClientSession(
                # Shorter than the functions' own: a connection is never closed while we pick it.
                connector=TCPConnector(limit=64, keepalive_timeout=30),
                timeout=ClientTimeout(total=60),
                auto_decompress=False,
            )
        )
        self._functions = front.Functions(self._session, base)
        self._policies = Policies(admin_url)
        self._cleanup.callback(self._policies.close)
        addresses = {
            bus.SIGNALS: f"{base}/functions/v1/relay-signal",
            bus.MAILS: f"{base}/functions/v1/send-mail",
            bus.ROOMS: f"{base}/functions/v1/run-room-order",
            bus.PUSHES: f"{base}/functions/v1/send-push",
        }
        local_bus = LocalBus(self._session, addresses, self._push_token)
        self._cleanup.push_async_callback(local_bus.close)
        realtime, self._mailbox = Realtime(self.keys, self._policies), Mailbox()
        self._cleanup.push_async_callback(self._mailbox.close)
        self._smtp_url = await self._mailbox.listen()
        await self._open(listening, realtime, local_bus)

        environment = {**self._settings(login), **self._bus_settings(local_bus)}
        if environment["MESSAGE_BUS"] == "pubsub":
            environment["PUBSUB_EMULATOR_HOST"] = await self._start_emulator(local_bus)
        self._start_functions(functions_socket, environment)
        await self._until_served()
        sweeping = asyncio.create_task(self._sweep(f"{base}/functions/v1/complete-meetings"))
        self._cleanup.callback(sweeping.cancel)
        self._cleanup.push_async_callback(realtime.close)
        self._announce(admin_url)

    def _lock_home(self) -> None:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            lock = (self.home / "lock").open("w")
        except OSError as error:
            raise Broken(
                f"{error.filename} is not to be had ({error.strerror}): mend it, or set VISIO_HOME"
            ) from error
        self._cleanup.callback(lock.close)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Broken(
                f"another stack runs on {self.home}: stop it, or set VISIO_HOME"
            ) from error

    async def _start_database(self) -> str:
        if given := self._environ.get("DATABASE_URL"):
            return given
        binaries = postgres.embedded_binaries()
        cluster = await asyncio.to_thread(postgres.start, binaries, self.home)
        self._cleanup.push_async_callback(asyncio.to_thread, cluster.stop)
        self._watch(cluster.process, "PostgreSQL")
        return cluster.url()

    async def _open(
        self, listening: socket.socket, realtime: Realtime, local_bus: LocalBus
    ) -> None:
        pages = front.Pages(self._calcom_url, self._environ.get("LIVEKIT_URL") or "")
        site = web.Application(middlewares=[front.supabase_cors], client_max_size=4 * 1024**2)
        site.add_routes(
            [
                web.get("/health", self._health),
                web.get("/config.json", self._config),
                web.get("/local/certs", self._certs),
                web.route("*", "/functions/v1/{name:.*}", self._functions.forward),
                *auth.Auth(self.keys, self.origin).routes(),
                *realtime.routes(),
                *local_bus.routes(),
                *self._mailbox.routes(),
                *pages.routes(),
                web.options("/{path:.*}", _nothing),
            ]
        )
        runner = web.AppRunner(site, access_log=None, shutdown_timeout=2)
        await runner.setup()
        self._cleanup.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listening).start()

    async def _start_emulator(self, local_bus: LocalBus) -> str:
        if not (address := self._environ.get("PUBSUB_EMULATOR_HOST", "")):
            process, address = emulator.start(self.home)
            self._cleanup.push_async_callback(asyncio.to_thread, _end, process)
            self._watch(process, "the Pub/Sub emulator")
        endpoint = f"{self.origin}/local/push/{local_bus.secret}"
        await asyncio.to_thread(emulator.prepare, address, endpoint)
        return address

    def _start_functions(self, listening: socket.socket, environment: Mapping[str, str]) -> None:
        number = listening.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "local.gateway", str(number)],
            cwd=PROJECT,
            env={**self._environ, **environment},
            stdin=subprocess.PIPE,
            pass_fds=[number],
            start_new_session=True,
        )
        listening.close()  # theirs from now on: with them gone, a connection is refused
        self._cleanup.push_async_callback(asyncio.to_thread, _end, process)
        self._watch(process, "the functions' process")

    def _watch(self, process: subprocess.Popen[bytes], name: str) -> None:
        """Stop everything if one of ours ends by itself."""

        async def wait() -> None:
            while process.poll() is None:
                await asyncio.sleep(0.2)
            if not self._stop.is_set():
                self._fault = f"{name} has ended (exit code {process.returncode})"
                self._stop.set()

        watching = asyncio.create_task(wait())
        self._cleanup.callback(watching.cancel)

    async def _until_served(self) -> None:
        give_up = time.monotonic() + 60
        while not await self._functions.serve():
            if self._stop.is_set() or time.monotonic() > give_up:
                raise Broken(self._fault or "stopped before everything served")
            await asyncio.sleep(0.05)

    async def _sweep(self, address: str) -> None:
        while True:
            token = self.keys.sign_google(*SCHEDULER)
            headers = {"Authorization": f"Bearer {token}"}
            with contextlib.suppress(ClientError, OSError, TimeoutError):
                async with self._session.post(address, headers=headers) as answer:
                    await answer.read()
            await asyncio.sleep(SWEEP_EVERY)

    def _push_token(self) -> str:
        """One for some minutes: Google's own comes again with each push, too."""
        if time.monotonic() > self._push_token_until:
            self._kept_push_token = self.keys.sign_google(bus.AUDIENCE, bus.SERVICE_ACCOUNT)
            self._push_token_until = time.monotonic() + 300
        return self._kept_push_token

    def _derived(self, purpose: str) -> str:
        """A secret of this data folder, the same at every start."""
        key = self.keys.jwt_secret.encode()
        return hmac.new(key, purpose.encode(), hashlib.sha256).hexdigest()

    def _settings(self, login: str) -> dict[str, str]:
        port = self.origin.rpartition(":")[2]
        private_key, public_key = vapid_keys(self._derived("web push"))
        defaults = {
            "SUPABASE_JWKS_URL": f"{self.origin}/auth/v1/.well-known/jwks.json",
            "ALLOWED_ORIGINS": f"{self.origin},http://localhost:{port}",
            "CALCOM_WEBHOOK_SECRETS": "test-secret",
            "CALCOM_URL": self._calcom_url,
            "BOOKING_TOKEN_SECRETS": self._derived("booking tokens"),
            "CALCOM_API_URL": "https://agenda.foxeo.example/api/v1",
            "CALCOM_API_KEY": self._derived("Cal.com's API"),
            "REALTIME_URL": f"{self.origin}/realtime/v1",
            "REALTIME_SERVICE_KEY": self.keys.api_key("service_role"),
            "LINK_SECRETS": self._derived("personal links"),
            "MAIL_FROM": "Foxeo visio <visio@foxeo.example>",
            "SMTP_URL": self._smtp_url,
            "LIVEKIT_URL": "ws://127.0.0.1:7880",
            "LIVEKIT_API_KEY": "devkey",
            "LIVEKIT_API_SECRET": self._derived("livekit"),
            "VAPID_PRIVATE_KEY": private_key,
            "VAPID_PUBLIC_KEY": public_key,
            "VAPID_SUBJECT": "mailto:visio@foxeo.example",
        }
        given = {name: self._environ[name] for name in defaults if self._environ.get(name)}
        return {
            **defaults,
            **given,
            "VISIO_ENV": "local",
            "PYTHONPATH": os.pathsep.join((str(PROJECT / "src"), str(PROJECT))),
            "DATABASE_URL": login,
            "SUPABASE_JWT_SECRET": self.keys.jwt_secret,
            "GOOGLE_CERTS_URL": f"{self.origin}/local/certs",
            "PUSH_AUDIENCE": bus.AUDIENCE,
            "PUSH_SERVICE_ACCOUNT": bus.SERVICE_ACCOUNT,
            "PUSH_SUBSCRIPTION": bus.subscription(bus.SIGNALS),
            "MAIL_PUSH_SUBSCRIPTION": bus.subscription(bus.MAILS),
            "ROOM_PUSH_SUBSCRIPTION": bus.subscription(bus.ROOMS),
            "WEB_PUSH_SUBSCRIPTION": bus.subscription(bus.PUSHES),
            "APP_URL": self.origin,
            "FUNCTIONS_URL": f"{self.origin}/functions/v1",
            "SCHEDULER_AUDIENCE": SCHEDULER[0],
            "SCHEDULER_SERVICE_ACCOUNT": SCHEDULER[1],
        }

    def _bus_settings(self, local_bus: LocalBus) -> dict[str, str]:
        return {
            "MESSAGE_BUS": self._environ.get("MESSAGE_BUS") or "local",
            "LOCAL_BUS_URL": f"{self.origin}/local/bus",
            "LOCAL_BUS_TOKEN": local_bus.secret,
            "PUBSUB_PROJECT": bus.PROJECT,
            "PUBSUB_TOPIC": bus.SIGNALS,
            "MAIL_TOPIC": bus.MAILS,
            "WEB_PUSH_TOPIC": bus.PUSHES,
            # No room's server is part of the stack: orders are for one that is named.
            "ROOM_TOPIC": bus.ROOMS if self._environ.get("LIVEKIT_URL") else "",
        }

    async def _health(self, _: web.Request) -> web.Response:
        database = await asyncio.to_thread(self._policies.answers)
        functions = await self._functions.serve()
        well = database and functions
        return web.json_response(
            {"status": "ok" if well else "starting", "database": database, "functions": functions},
            status=200 if well else 503,
        )

    async def _config(self, _: web.Request) -> web.Response:
        """What a page needs to find Supabase and the functions. All of it is public.

        `roomServer` says whether a room's server is there to be entered.
        """
        return web.json_response(
            {
                "supabaseUrl": self.origin,
                "functionsUrl": f"{self.origin}/functions/v1",
                "anonKey": self.keys.api_key("anon"),
                "roomServer": bool(self._environ.get("LIVEKIT_URL")),
            },
            headers={"Cache-Control": "no-cache"},
        )

    async def _certs(self, _: web.Request) -> web.Response:
        return web.json_response(self.keys.google_jwks())

    def _announce(self, admin_url: str) -> None:
        given = bool(self._environ.get("DATABASE_URL"))
        port = self.origin.rpartition(":")[2]
        demo = "make demo" if port == "8080" else f"PORT={port} make demo"
        lines = [
            "",
            f"  Foxeo visio      {self.origin}/",
            f"  a client's page  {self.origin}/client/",
            f"  the operator's   {self.origin}/hub/",
            f"  e-mails          {self.origin}/mail/",
            f"  functions        {self.origin}/functions/v1/",
            f"  health           {self.origin}/health",
            f"  PostgreSQL       {'the one of DATABASE_URL' if given else admin_url}",
            "",
            f"  sign in as {', '.join(auth.ACCOUNTS)}",
            f"  password   {auth.PASSWORD}",
            "",
            f"  the story  {demo}          stop  Ctrl-C",
            "",
        ]
        print("\n".join(lines), flush=True)


async def _nothing(_: web.Request) -> web.Response:
    raise web.HTTPNotFound


def _port(environ: Mapping[str, str]) -> int:
    try:
        port = int(environ.get("PORT") or 8080)
        if not 0 <= port <= 65535:
            raise ValueError(port)
    except ValueError as error:
        raise Broken("PORT must be a number from 0 (any free one) to 65535") from error
    return port


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=256)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            told = os.strerror(error.errno or 0)
            raise Broken(f"port {port} is not to be had ({told}): set PORT") from error
        raise Broken(f"port {port} is in use: stop what uses it, or set PORT") from error


def _prepare(admin_url: str, password: str) -> str:
    postgres.reachable(admin_url)
    postgres.prepare(admin_url)
    postgres.seed(admin_url)
    return postgres.functions_login(admin_url, password)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a child to end, and insist after 10 s."""
    if process.stdin is not None:
        process.stdin.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
