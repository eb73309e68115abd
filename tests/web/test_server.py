"""What only a socket shows: a stop that finishes what it took, slow clients, crowds, and what stays on disk."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2 as httpx
import pytest

HEAD = (
    "POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    "Content-Length: {}\r\n\r\n"
)


@pytest.fixture
def sample(repo) -> bytes:
    return (repo / "hello_world_images" / "mean_chest.png").read_bytes()


def form(data: bytes) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + data + b"\r\n--b--\r\n"


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def everything(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_finishes_what_was_taken(serve, sample, stop):
    server = serve()
    body = form(sample)
    with connect(server.port) as connection:
        connection.sendall(HEAD.format(len(body)).encode() + body[:1000])
        time.sleep(0.3)
        server.process.send_signal(stop)
        time.sleep(0.5)
        with pytest.raises(ConnectionRefusedError):
            connect(server.port)
        connection.sendall(body[1000:])
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 200") and b'"Pneumothorax"' in answer
    assert server.process.wait(20) == 0
    assert server.process.stdout.read() == "" and server.process.stderr.read() == ""


def test_slow_clients_are_told_or_cut_and_hold_nobody_up(serve, sample):
    server = serve("--max-seconds", "1", "--preset", "tchexnet")
    start = time.monotonic()
    with connect(server.port) as silent, connect(server.port) as lazy, connect(server.port) as dripping:
        lazy.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127")
        dripping.sendall(HEAD.format(5000).encode() + form(b"x")[:50])
        assert httpx.get(f"{server.address}/healthz").status_code == 200
        late_body, late_header, nothing = everything(dripping), everything(lazy), everything(silent)
    assert late_body.startswith(b"HTTP/1.1 408") and b"too slow to send" in late_body
    assert late_header.startswith(b"HTTP/1.1 408") and nothing.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - start < 15
    assert httpx.post(f"{server.address}/v1/predict", files={"file": sample}).status_code == 200


def test_more_requests_than_fit_are_told_to_come_again(serve, sample):
    server = serve("--max-requests", "1", "--preset", "tchexnet")
    body = form(sample)
    with connect(server.port) as connection:
        connection.sendall(HEAD.format(len(body)).encode() + body[:1000])
        time.sleep(0.3)
        refused = httpx.post(f"{server.address}/v1/predict", files={"file": sample})
        assert (refused.status_code, refused.json()["kind"]) == (429, "too many requests")
        assert refused.headers["retry-after"]
        connection.sendall(body[1000:])
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    assert httpx.post(f"{server.address}/v1/predict", files={"file": sample}).status_code == 200


def test_a_crowd_is_answered_to_the_last(serve, repo):
    server = serve()
    names = ["mean_chest.png", "mean_chest.dcm"]
    files = [(repo / "hello_world_images" / name).read_bytes() for name in names]

    def ask(number: int) -> tuple[str, float]:
        upload = {"file": (f"{number}.x", files[number % 2])}
        answer = client.post("/v1/predict", files=upload).json()
        return answer["path"], answer["scores"]["Pneumothorax"]

    with httpx.Client(base_url=server.address, timeout=60) as client, ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(48)))
        alone = [ask(0)[1], ask(1)[1]]
    assert [path for path, _ in answers] == [f"{number}.x" for number in range(48)]
    assert [score for _, score in answers] == pytest.approx(alone * 24, abs=1e-6)


def test_nothing_is_written_unless_asked_for(serve, tmp_path: Path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    server = serve("--preset", "tchexnet", TMPDIR=str(temporary))
    big = form(bytes(8_000_000))
    with connect(server.port) as connection:
        connection.sendall(HEAD.format(len(big)).encode() + big[:6_000_000])
        time.sleep(0.5)
        opened = [str(link.readlink()) for link in Path(f"/proc/{server.process.pid}/fd").iterdir()]
        connection.sendall(big[6_000_000:])
        assert connection.recv(100).startswith(b"HTTP/1.1 415")
    assert not [name for name in opened if str(temporary) in name]
    assert list(temporary.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]


def test_wrong_usage_is_one_sentence(repo, tmp_path):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = "from tchexnet.cli import main; main()"
        command = [sys.executable, "-c", program, "serve", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(repo), "COLUMNS": "300"}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    open_house = run("--host", "0.0.0.0")
    assert open_house.returncode == 2 and "no token was given" in open_house.stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = run("--port", str(taken.getsockname()[1]))
    assert busy.returncode == 1
    assert busy.stderr.startswith("error: 127.0.0.1:") and "(Address already in use)" in busy.stderr
    assert len(busy.stderr.splitlines()) == 1


def test_the_server_loads_neither_keras_nor_tensorflow_nor_telemetry(repo):
    program = (
        "import sys\nfrom tchexnet.web import app, settings\napp.build(settings.Settings())\n"
        "print([name for name in ('keras', 'tensorflow', 'openvino_telemetry') if sys.modules.get(name)])"
    )
    environment = {**os.environ, "PYTHONPATH": str(repo)}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == []
