"""What Ray costs: `tchexnet score` with and without --ray, on the same cores and the same images, in turn.

    python benchmarks/cluster.py pace --images ../shared/data/nih/images --count 5000
    python benchmarks/cluster.py memory
    python benchmarks/cluster.py paper --pace 80 --cores 2

pace    images/s from the first batch (without --ray) or span (with it) to the last; the seconds before and after; the
        peak memory of the process that lists, waits and joins; bytes a row. The images are given many names.
memory  that peak at 2,000 and at 200,000 entries, none of which exists, so that only their number counts.
paper   core-hours and storage of large archives, from a pace that was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tchexnet.runtime.cores import cores

SIZES = (112_120, 10_000_000, 1_000_000_000)
DRIVER = """
import json, resource, sys, time
from pathlib import Path
from tchexnet.scoring.cluster import Cluster
from tchexnet.scoring.run import run
from tchexnet.scoring.settings import Settings
source, out, precision, on_ray = sys.argv[1:]
heard = []
began = time.monotonic()
def tell(done, total, errors):
    if total and (not heard or done > heard[-1][1]): heard.append((time.monotonic(), done))
scorer = Cluster("local") if on_ray == "ray" else None
summary = run(source, Path(out), Settings(precision=precision), False, tell, scorer)
ended = time.monotonic()
(_, _), (first, before), *_, (last, after) = heard
print(json.dumps({
    "pace": (after - before) / (last - first), "before": first - began, "after": ended - last,
    "seconds": ended - began, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "rows": summary.rows, "errors": summary.errors,
}))
"""


def measure(source: Path, out: Path, precision: str, where: str) -> dict[str, Any]:
    """One run as a process of its own."""
    command = [sys.executable, "-c", DRIVER, str(source), str(out), precision, where]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(ran.stderr)
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def pace(images: Path, count: int, precision: str, work: Path) -> None:
    """The local path, then Ray."""
    named_often(sorted(path for path in images.iterdir() if path.is_file()), work / "in", count)
    print(f"{platform.machine()}, {cores()} cores, {precision}, {count:,} names of {images.name}")
    print(
        "| | images/s | seconds before | seconds after | in all | peak MiB of the driver |\n|---|--:|--:|--:|--:|--:|"
    )
    found = {}
    for where in ("local", "ray"):
        found[where] = one = measure(work / "in", work / f"{where}.csv", precision, where)
        print("| {} | {pace:.1f} | {before:.1f} | {after:.1f} | {seconds:.1f} | {peak:.0f} |".format(where, **one))
    ratio = found["ray"]["pace"] / found["local"]["pace"]
    same = (work / "ray.csv").read_bytes() == (work / "local.csv").read_bytes()
    print(
        f"Ray has {ratio:.0%} of the local pace; {found['ray']['rows']:,} rows, {'equal' if same else 'OTHER'} bytes;"
    )
    print(f"{(work / 'ray.csv').stat().st_size / count:.0f} bytes a row of CSV")


def named_often(files: list[Path], folder: Path, count: int) -> None:
    """`count` names of the files: hard links, of copies where they lie on another disk."""
    folder.mkdir()
    for i in range(count):
        file = files[i % len(files)]
        try:
            os.link(file, folder / f"{i:06d}{file.suffix}")
        except OSError:
            (folder / f"{i:06d}{file.suffix}").write_bytes(file.read_bytes())


def memory(counts: list[int], work: Path) -> None:
    """The driver's peak against the number of entries."""
    print("| entries | peak MiB of the driver | seconds |\n|--:|--:|--:|")
    peaks = []
    for count in counts:
        source = work / f"{count}.csv"
        source.write_text("path\n" + "".join(f"/archive/patient{i:09d}/frontal.png\n" for i in range(count)))
        one = measure(source, work / f"{count}.out.csv", "fp32", "ray")
        if one["errors"] != count:
            raise SystemExit(f"{one['errors']} of {count} entries are errors.")
        peaks.append(one["peak"])
        print(f"| {count:,} | {one['peak']:.0f} | {one['seconds']:.0f} |")
    print(f"{counts[-1] // counts[0]} times the entries, {peaks[-1] / peaks[0]:.2f} times the memory")


def paper(rate: float, cores: int, row: float, path: float) -> None:
    """Large archives, from one machine's pace."""
    print("| images | core-hours | on 16 cores | on 1,000 | CSV | Parquet with features | manifest | shards |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|")
    for count in SIZES:
        hours = count * cores / rate / 3600
        sizes = (count * row, count * (path + 14 * 4 + 4096), count * path)
        print(
            f"| {count:,} | {hours:,.0f} | {span(hours / 16)} | {span(hours / 1000)} | "
            + " | ".join(map(size, sizes))
            + f" | {-(-count // 512):,} |"
        )


def span(hours: float) -> str:
    """Hours as a person says them."""
    if hours < 1 / 60:
        return f"{hours * 3600:.0f} s"
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:,.0f} days"


def size(count: float) -> str:
    """Bytes as a person says them."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["pace", "memory", "paper"])
    parser.add_argument("--images", type=Path)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--counts", type=int, nargs="+", default=[2_000, 200_000])
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--pace", type=float, help="images/s that were measured")
    parser.add_argument("--cores", type=int, default=cores(), help="on so many cores")
    parser.add_argument("--row", type=float, default=245, help="bytes a row of CSV")
    parser.add_argument("--path", type=float, default=60, help="bytes a path")
    given = parser.parse_args()
    if given.what == "paper":
        paper(given.pace, given.cores, given.row, given.path)
        return
    with tempfile.TemporaryDirectory(prefix="cluster-") as work:
        if given.what == "pace":
            pace(given.images, given.count, given.precision, Path(work))
        else:
            memory(given.counts, Path(work))


if __name__ == "__main__":
    main()
