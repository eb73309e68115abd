"""How much of the engine reaches a client? `tchexnet serve` on loopback against the engine alone, in one run.

    python benchmarks/serving.py                    # throughput and latency at 1, 8 and 64 clients
    python benchmarks/serving.py --alone            # the same without batches
    python benchmarks/serving.py --memory 5000      # memory over that many requests
    python benchmarks/serving.py --start            # seconds from the command to /healthz, all shipped presets

The server is a process of its own; the clients are connections of this one that send the sample radiograph again and
again and read every answer. Both share the machine's cores, so the clients' work is part of the price. The engine's
own figure is `Classifier.predict` on the same bytes in a loop, once one by one and once in lists of 8. Every request
must be answered with 200 and the right scores: one that is lost or wrong fails the command.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
SAMPLE = ROOT / "hello_world_images" / "mean_chest.png"
START = "from tchexnet.cli import main; main()"
ALONE = "from functools import partial; from tchexnet.web import desk; desk.Batcher = partial(desk.Batcher, 1); "
CLIENTS = (1, 8, 64)
GOAL = 0.8


def main() -> int:
    """Run; 0 where nothing was lost and the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="chexnet")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each measurement")
    parser.add_argument("--memory", type=int, default=0, metavar="REQUESTS", help="memory over so many requests")
    parser.add_argument("--alone", action="store_true", help="no batches, to see what they gain")
    parser.add_argument("--start", action="store_true", help="seconds until /healthz answers, five times")
    options = parser.parse_args()
    if options.start:
        print(json.dumps({"seconds_to_healthz": sorted(round(start(), 2) for _ in range(5))}))
        return 0
    command = [sys.executable, "-c", (ALONE if options.alone else "") + START, "serve", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    engine = {} if options.memory else engine_figures(options.preset, options.seconds)
    with subprocess.Popen(
        [*command, "--preset", options.preset], env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        port = int(re.search(r":(\d+) ", server.stderr.readline())[1])  # type: ignore[index]
        try:
            if options.memory:
                return memory(server.pid, port, options.memory)
            return throughput(port, options.seconds, engine)
        finally:
            server.terminate()


def start() -> float:
    """Seconds from the command line to an answer of /healthz, with every shipped preset warmed."""
    begun = time.perf_counter()
    command = [sys.executable, "-c", START, "serve", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        port = int(re.search(r":(\d+) ", server.stderr.readline())[1])  # type: ignore[index]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.status == 200
        took = time.perf_counter() - begun
        server.terminate()
    return took


def engine_figures(preset: str, seconds: float) -> dict[str, float]:
    """Images a second of `Classifier.predict`, from bytes to scores, without a server."""
    import tchexnet

    classifier, data = tchexnet.load(preset), SAMPLE.read_bytes()

    def rate(batch: int) -> float:
        classifier.predict([data] * batch)
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < seconds / 2:
            classifier.predict([data] * batch)
            count += batch
        return count / (time.perf_counter() - start)

    return {"one by one": rate(1), "in lists of 8": rate(8)}


def throughput(port: int, seconds: float, engine: dict[str, float]) -> int:
    """Print requests a second and percentiles for each crowd."""
    best = max(engine.values())
    asyncio.run(crowd(port, 8, seconds=1.0))
    rows = []
    for clients in CLIENTS:
        times, wall = asyncio.run(crowd(port, clients, seconds=seconds))
        rows.append({"clients": clients, "per_second": round(len(times) / wall, 1), **percentiles(times)})
    share = rows[1]["per_second"] / best
    figures = {name: round(value, 1) for name, value in engine.items()}
    print(json.dumps({"engine": figures, "server": rows, "share_of_engine_at_8": round(share, 3)}, indent=2))
    return int(share < GOAL)


def memory(process: int, port: int, requests: int) -> int:
    """Print the server's resident memory once it has met batches of every size, and after so many requests more."""
    warm = 1000
    asyncio.run(crowd(port, 8, requests=warm))
    before = resident(process)
    asyncio.run(crowd(port, 8, requests=requests))
    after = resident(process)
    growth = after / before - 1
    print(json.dumps({"requests": requests, "MB_before": before, "MB_after": after, "growth": round(growth, 4)}))
    return int(growth >= 0.1)


async def crowd(port: int, clients: int, seconds: float = 0.0, requests: int = 0) -> tuple[list[float], float]:
    """(seconds of each answer, seconds of all) for clients that ask without a pause."""
    data = SAMPLE.read_bytes()
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + data + b"\r\n--b--\r\n"
    head = (
        "POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    message, left = head.encode() + body, requests or sys.maxsize
    times: list[float] = []
    known: dict[str, float] = {}
    start = time.perf_counter()

    async def client() -> None:
        nonlocal left
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while left > 0 and (requests or time.perf_counter() - start < seconds):
            left -= 1
            asked = time.perf_counter()
            writer.write(message)
            check(await answer(reader), known)
            times.append(time.perf_counter() - asked)
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    return times, time.perf_counter() - start


async def answer(reader: asyncio.StreamReader) -> dict[str, float]:
    """The scores of one answer; anything but 200 ends the benchmark."""
    head = await reader.readuntil(b"\r\n\r\n")
    found = re.search(rb"content-length: (\d+)", head)
    body = await reader.readexactly(int(found[1]) if found else 0)
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"A request was lost: {head[:80]!r} {body[:200]!r}")
    scores: dict[str, float] = json.loads(body)["scores"]
    return scores


def check(scores: dict[str, float], known: dict[str, float]) -> None:
    """The same image has the same scores, whoever shared its batch; the first answer fills `known`."""
    if not known:
        known.update(scores)
    if any(abs(scores[label] - known[label]) > 1e-5 for label in known):
        raise SystemExit(f"An answer is wrong: {scores} instead of {known}")


def percentiles(times: list[float]) -> dict[str, float]:
    """Milliseconds."""
    ordered = sorted(times)
    at = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
    return {name: round(1000 * ordered[min(len(ordered) - 1, int(p * len(ordered)))], 1) for name, p in at.items()}


def resident(process: int) -> float:
    """Megabytes that a process holds in memory (Linux)."""
    status = Path(f"/proc/{process}/status").read_text()
    return round(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1000, 1)  # type: ignore[index]


if __name__ == "__main__":
    sys.exit(main())
