"""Fixes of phones: single requests and batches against a real server, every answer on the disk before it is given.

    python tests/bench/bench_phones.py [--seconds 20] [--flat] [--phones 500] [--database URL] [--threads 16]

The client runs beside the server on the same machine and takes its share of it: read the server's CPU time per request,
which noise changes little, before the rates. Beside it stands how long other programs kept both waiting for a
processor: where that is much, the rates say little. `--flat` (``make bench TABLES="phones --flat"``) sends single fixes
for ten minutes without a pause and prints a line for each, then batches for one.
"""

import argparse
import itertools
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sqlalchemy import func, select

from data.database import open_engine, open_session, upgrade
from data.models import Device, DeviceStage, PhoneFix

CONNECTIONS = 16
TICKS = os.sysconf("SC_CLK_TCK")
START_MS = 1_795_136_400_000
MINUTE_S = 60.0
FLAT_S = 600.0


class Load(NamedTuple):
    """What came of sending for a while; ``marks``: each minute, the server's CPU seconds and both programs' waiting."""

    seconds: float
    ended: np.ndarray
    took_ms: np.ndarray
    bad: int
    cpu_s: float
    waited_s: float
    marks: list[tuple[float, float, float]]


@contextmanager
def served(url: str, folder: str, threads: int) -> Iterator[tuple[int, int]]:
    """A server of its own; its port and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        **os.environ,
        "GRIDPATROL_DATABASE_URL": url,
        "GRIDPATROL_INSTANCE": folder,
        "GRIDPATROL_SECRET_KEY": "a key for this bench only, of some length",
    }
    program = str(Path(sys.executable).with_name("gridpatrol"))
    command = [program, "serve", "--port", str(port), "--threads", str(threads)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    try:
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.1)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def waited(pid: int) -> float:
    """Seconds that a process's threads were ready and had no processor, by the kernel's own count."""
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):
            total += int(path.read_text().split()[1])
    return total / 1e9


def send(port: int, pid: int, seconds: float, message: Callable[[int], bytes]) -> Load:
    """Keep as many requests under way as there are connections, for so long."""
    chosen = selectors.DefaultSelector()
    begun: dict[int, float] = {}
    got: dict[int, bytes] = {}
    ended: list[float] = []
    took: list[float] = []
    number = bad = 0
    start, cpu = time.perf_counter(), cpu_of(pid)

    def mark() -> tuple[float, float, float]:
        return time.perf_counter() - start, cpu_of(pid) - cpu, waited(pid) + waited(os.getpid()) - idle

    idle = waited(pid) + waited(os.getpid())
    marks = [mark()]
    for _ in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        chosen.register(connection, selectors.EVENT_READ)
        begun[connection.fileno()] = time.perf_counter()
        connection.sendall(message(number))
        number += 1
    while begun:
        for key, _ in chosen.select():
            connection = key.fileobj  # type: ignore[assignment]
            answer = got.pop(connection.fileno(), b"") + connection.recv(4096)
            if not whole(answer):
                got[connection.fileno()] = answer
                continue
            now = time.perf_counter()
            took.append(now - begun.pop(connection.fileno()))
            ended.append(now - start)
            bad += not answer.startswith(b"HTTP/1.1 200")
            if now - start >= MINUTE_S * len(marks):
                marks.append(mark())
            if now - start < seconds:
                begun[connection.fileno()] = time.perf_counter()
                connection.sendall(message(number))
                number += 1
            else:
                chosen.unregister(connection)
                connection.close()
    marks.append(mark())
    return Load(ended[-1], np.array(ended), np.array(took) * 1000, bad, marks[-1][1], marks[-1][2], marks)


def whole(answer: bytes) -> bool:
    """Whether head and body are there; they may come apart."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
    return bool(end) and len(body) >= int(length or 0)


def single(phones: int) -> Callable[[int], bytes]:
    """One fix a request, each phone in its turn."""

    def message(number: int) -> bytes:
        turn, phone = divmod(number, phones)
        place = f"lat={40 + turn % 900 * 1e-5:.5f}&lon={116.3 + phone * 1e-5:.5f}"
        time_ms = START_MS + turn * 10_000
        path = f"/track?id=phone-{phone}&{place}&timestamp={time_ms}&speed=2.1&accuracy=6.0&altitude=40&batt=80.0"
        return f"GET {path} HTTP/1.1\r\nHost: patrol\r\n\r\n".encode()

    return message


def batch(phones: int, size: int = 1000) -> Callable[[int], bytes]:
    """A thousand fixes a request, as Overland sends them after hours without signal."""

    # Written once with gaps for the times: the client must not take the server's share of the machine.
    features = ",".join(
        f'{{"type":"Feature","geometry":{{"type":"Point","coordinates":[{116.3 + i * 1e-5:.5f},40.0]}},'
        f'"properties":{{"timestamp":"%s{i // 10:02d}","horizontal_accuracy":8,"speed":1.2,"battery_level":0.8,'
        f'"motion":["walking"],"place":{i % 10}}}}}'
        for i in range(size)
    )

    def message(number: int) -> bytes:
        turn, phone = divmod(number, phones)
        second = str((START_MS + 10**11) // 100_000 + turn)
        body = f'{{"locations":[{features.replace("%s", second)}],"device_id":"phone-{phone}"}}'.encode()
        head = "POST /track HTTP/1.1\r\nHost: patrol\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    return message


def enrol(url: str, phones: int) -> None:
    """Accept all phones beforehand, as they are after their first day."""
    from datetime import UTC, datetime

    engine = open_engine(url)
    with open_session(engine, writing=True) as session:
        for phone in range(phones):
            session.add(Device(stage=DeviceStage.ACCEPTED, identity=f"phone-{phone}", enrolled_at=datetime.now(UTC)))
        session.commit()
    engine.dispose()


def stored(url: str) -> int:
    """How many fixes there are."""
    engine = open_engine(url)
    with open_session(engine) as session:
        count = session.scalar(select(func.count()).select_from(PhoneFix)) or 0
    engine.dispose()
    return count


def tell(name: str, load: Load, fixes_each: int) -> None:
    """One line for the whole, and one for each minute where it lasted."""
    row(name, load.took_ms, fixes_each, load.seconds, load.cpu_s, load.waited_s, load.bad)
    if load.seconds <= 2 * MINUTE_S:
        return
    for number, (one, two) in enumerate(itertools.pairwise(load.marks), start=1):
        part = load.took_ms[(load.ended >= one[0]) & (load.ended < two[0])]
        if two[0] - one[0] > MINUTE_S / 2:
            row(f"  minute {number}", part, fixes_each, two[0] - one[0], two[1] - one[1], two[2] - one[2], 0)


def row(name: str, took_ms: np.ndarray, each: int, seconds: float, cpu_s: float, waited_s: float, bad: int) -> None:
    """Rates, times, CPU time of the server a request, and the share of the time that both were kept waiting."""
    count = len(took_ms)
    print(
        f"{name:<26}{count / seconds:>8,.0f}{count * each / seconds:>9,.0f}"
        f"{np.median(took_ms):>8.1f}{np.percentile(took_ms, 99):>8.1f}{took_ms.max():>8.1f}"
        f"{cpu_s / count * 1000:>11.3f}{waited_s / seconds:>9.2f}{bad:>5}",
        flush=True,
    )


def main() -> None:
    """Send, and say what came of it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=float, default=20.0)
    asked.add_argument("--flat", action="store_true", help="ten minutes of single fixes, a line for each")
    asked.add_argument("--phones", type=int, default=500)
    asked.add_argument("--threads", type=int, default=16)
    asked.add_argument("--database")
    wanted = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="gridpatrol-bench-") as folder:
        url = wanted.database or f"sqlite:///{folder}/bench.sqlite"
        upgrade(url)
        enrol(url, wanted.phones)
        said = f"{CONNECTIONS} connections, {wanted.threads} threads, {wanted.phones} phones"
        print(f"{said}; load of the machine {os.getloadavg()[0]:.1f}")
        print(f"{'':<26}{'req/s':>8}{'fixes/s':>9}{'ms p50':>8}{'p99':>8}{'max':>8}", end="")
        print(f"{'CPU ms/req':>11}{'waited':>9}{'bad':>5}")
        with served(url, folder, wanted.threads) as (port, pid):
            send(port, pid, 2.0, single(wanted.phones))
            before = stored(url)
            alone = FLAT_S if wanted.flat else wanted.seconds
            one = send(port, pid, alone, lambda number: single(wanted.phones)(number + 1_000_000))
            tell("one fix a request", one, 1)
            many = send(port, pid, MINUTE_S if wanted.flat else wanted.seconds, batch(wanted.phones))
            tell("1,000 fixes a request", many, 1000)
        sent = len(one.took_ms) + 1000 * len(many.took_ms)
        print(json.dumps({"answered": sent, "stored": stored(url) - before}))


if __name__ == "__main__":
    main()
