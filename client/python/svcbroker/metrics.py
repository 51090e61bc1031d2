# SPDX-License-Identifier: ISC
"""The broker's metrics for Prometheus: as text, and over HTTP. Docs: docs/metrics.md.

python3 -m svcbroker metrics --listen 127.0.0.1:9464
"""

from __future__ import annotations

import argparse
import http.server
import re
import socket
import socketserver
import threading
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from svcbroker import _wire, usage
from svcbroker._base import TIMEOUT_SEC
from svcbroker._options import path, seconds
from svcbroker.client import Client
from svcbroker.errors import Error

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"

PREFIX = "io.svcbroker."
BUCKET = "Bucket"  # what the family of a histogram's buckets is called, behind the name of its sum
LISTEN = "127.0.0.1:9464"
REQUEST_SEC = 2.0  # for a whole request, however it dribbles in
ANSWER_SEC = 30.0  # for its answer to be made and read
SCRAPES_MAX = 4  # at once; further ones are told to come again
CONNECTIONS_MAX = 16  # with a thread each; further ones wait in the backlog

FAMILIES = (
    ("ServiceMemoryBytes", "gauge", "Anonymous and shared memory of all processes of the session of the service"),
    ("ServiceProcessorSeconds", "counter", "Processor time of these processes, and of their children that have ended"),
    ("ServiceProcesses", "gauge", "Processes of the service"),
    ("ServiceThreads", "gauge", "Threads of these processes"),
    ("ServiceOpenFiles", "gauge", "Open files of these processes"),
    ("ContainerMemoryBytes", "gauge", "Memory of the control group of the container, less what the kernel can drop of files"),
    ("ContainerMemoryLimitBytes", "gauge", "What it may be; none without a limit"),
)


class Family(NamedTuple):
    name: str
    type: str
    description: str


def families(client: Client) -> List[Family]:
    """What Describe tells. It stays as it is for as long as the broker does."""
    with client.stream("io.systemd.Metrics.Describe", timeout=client.timeout) as replies:
        return [Family(reply["name"], reply["type"], reply["description"]) for reply in replies]


def metrics(client: Client) -> List[Dict[str, Any]]:
    """What List tells: one request."""
    with client.stream("io.systemd.Metrics.List", timeout=client.timeout) as replies:
        return list(replies)


def with_usage(told: List[Dict[str, Any]], here: bool) -> List[Dict[str, Any]]:
    """And what the services take, of the processes that the broker told of, with the rights of this one. here: usage.is_here()."""
    pids = [metric for metric in told if here and metric["name"] == PREFIX + "ServicePid"]
    names = {int(metric["value"]): metric["object"] for metric in pids}
    found = list(usage.of_pids(names))
    made = list(told)

    def add(family: str, value: Any, name: Optional[str] = None) -> None:
        if value is not None:
            made.append({"name": PREFIX + family, "value": value, **({"object": name} if name else {})})

    for pid, one in found:
        add("ServiceMemoryBytes", one.memory_bytes, names[pid])
        add("ServiceProcessorSeconds", None if one.cpu_usec is None else one.cpu_usec / 1e6, names[pid])
        add("ServiceProcesses", one.processes, names[pid])
        add("ServiceThreads", one.threads, names[pid])
        add("ServiceOpenFiles", one.files, names[pid])
    container = usage.container()
    if container is not None:
        add("ContainerMemoryBytes", container.memory_bytes)
        add("ContainerMemoryLimitBytes", container.memory_limit_bytes)
    return made


def _snake(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())


def _escaped(value: object, quotes: bool = True) -> str:
    text = str(value).replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text


def _sample(name: str, type: str, metric: Dict[str, Any], end: Optional[str] = None) -> str:
    """end: what is behind the name, if not what the type says."""
    value = metric["value"]
    labels = [("service", metric["object"])] if metric.get("object") else []
    labels += [(_snake(key), field) for key, field in (metric.get("fields") or {}).items()]
    if type == "string":
        labels.append((name.rpartition("_")[2], value))
        value = 1
    inside = ",".join(f'{key}="{_escaped(field)}"' for key, field in labels)
    if end is None:
        end = "_total" if type == "counter" else ""
    return f"{name}{end}{'{' + inside + '}' if inside else ''} {value}"


def _histogram(name: str, sums: List[Dict[str, Any]], buckets: List[Dict[str, Any]]) -> List[str]:
    """The counts of calls within each bound; behind the last, all of them, and what they took together."""
    lines = []
    for bucket in buckets:
        lines.append(_sample(name, "counter", bucket, "_bucket"))
        if bucket["fields"]["le"] == "+Inf":
            fields = {key: field for key, field in bucket["fields"].items() if key != "le"}
            lines.append(_sample(name, "counter", {**bucket, "fields": fields}, "_count"))
            lines += [_sample(name, "counter", one, "_sum") for one in sums if one.get("fields") == fields]
    return lines


def text(described: List[Family], told: List[Dict[str, Any]], *, openmetrics: bool = True) -> str:
    """As svcctl metrics has it: names in snake case, a word as the label of a figure that is 1."""
    by_name: Dict[str, List[Dict[str, Any]]] = {}
    for metric in told:
        by_name.setdefault(metric["name"], []).append(metric)
    names = {family.name for family in described}
    lines = []
    for family in [*described, *(Family(PREFIX + name, *rest) for name, *rest in FAMILIES)]:
        name = "svcbroker_" + _snake(family.name[len(PREFIX):]) if family.name.startswith(PREFIX) else _snake(family.name)
        counter = family.type == "counter"
        histogram = family.name + BUCKET in names
        heading = name if openmetrics or histogram or not counter else name + "_total"
        if (family.name + BUCKET if histogram else family.name) not in by_name:
            continue
        if family.name.endswith(BUCKET) and family.name[:-len(BUCKET)] in names:
            continue
        lines.append(f"# TYPE {heading} {'histogram' if histogram else 'counter' if counter else 'gauge'}")
        unit = next((unit for unit in ("seconds", "bytes") if name.endswith("_" + unit)), None)
        if openmetrics and unit:
            lines.append(f"# UNIT {heading} {unit}")
        lines.append(f"# HELP {heading} {_escaped(family.description, quotes=openmetrics)}")
        if histogram:
            lines += _histogram(name, by_name.get(family.name, []), by_name[family.name + BUCKET])
        else:
            lines += [_sample(name, family.type, metric) for metric in by_name[family.name]]
    if openmetrics:
        lines.append("# EOF")
    return "\n".join(lines) + "\n"


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is over


class Handler(http.server.BaseHTTPRequestHandler):
    """GET /metrics, and nothing else. One request a connection."""

    server: Server
    server_version = "svcbroker"
    sys_version = ""
    deadline: Optional[threading.Timer] = None

    def limit(self, seconds: float) -> None:
        """From now on so long, and then the connection is shut, whatever it is at."""
        if self.deadline:
            self.deadline.cancel()
        self.deadline = threading.Timer(seconds, _shut, [self.connection])
        self.deadline.daemon = True
        self.deadline.start()

    def setup(self) -> None:
        super().setup()
        self.limit(REQUEST_SEC)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            if self.deadline:
                self.deadline.cancel()

    def do_GET(self) -> None:
        self.limit(ANSWER_SEC)
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404, "only /metrics is here")
            return
        if not self.server.scrapes.acquire(blocking=False):
            self.send_error(503, "too many scrapes at once")
            return
        try:
            self._answer()
        finally:
            self.server.scrapes.release()

    def _answer(self) -> None:
        openmetrics = "application/openmetrics-text" in self.headers.get("Accept", "")
        try:
            body = self.server.scrape(openmetrics).encode()
        except Error as error:
            self.send_error(503, "the broker does not answer", str(error))
            return
        self.send_response(200)
        self.send_header("Content-Type", OPENMETRICS if openmetrics else PROMETHEUS)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: a scraper comes again and again."""


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """address: (host, port)."""

    daemon_threads = True
    request_queue_size = 16

    def __init__(self, address: Tuple[str, int], client: Client) -> None:
        self.client = client
        self.scrapes = threading.BoundedSemaphore(SCRAPES_MAX)
        self.threads = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self._described: Optional[Tuple[object, List[Family], bool]] = None
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.threads.acquire()
        try:
            super().process_request(request, client_address)
        except Exception:
            self.threads.release()  # no thread was begun, whose end would do it
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.threads.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever went away in the middle is no fault of ours."""

    def server_bind(self) -> None:
        """Without HTTPServer's look-up of the host's name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def scrape(self, openmetrics: bool) -> str:
        """One request to the broker; another one when it is of a version that was not described yet."""
        told = metrics(self.client)
        version = next((metric["value"] for metric in told if metric["name"] == PREFIX + "Version"), None)
        if self._described is None or self._described[0] != version:
            self._described = (version, families(self.client), usage.is_here(self.client.socket))
        return text(self._described[1], with_usage(told, self._described[2]), openmetrics=openmetrics)


def address(text: str) -> Tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text}: give an address and a port, like {LISTEN}")
    return host.strip("[]"), int(port)


def parser(make: Any = argparse.ArgumentParser) -> Any:
    made = make(prog="python3 -m svcbroker metrics", description="Metrics for Prometheus, over HTTP or to standard output.")
    made.add_argument("--listen", type=address, metavar="ADDRESS:PORT", help=f"serve /metrics there, like {LISTEN}; else print once")
    made.add_argument("--timeout", type=seconds, default=TIMEOUT_SEC, metavar="SECONDS", help="how long the broker may take (%(default)g)")
    made.add_argument("--socket", type=path, default=_wire.default_socket(), help="the broker's (%(default)s)")
    return made
