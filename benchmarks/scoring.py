"""How fast a folder is scored at 224 px: against torchxrayvision, the obvious Keras loop, and what the cores can do.

    python benchmarks/scoring.py --data ../shared/data/nih --peer-python ../torch/bin/python
    python benchmarks/scoring.py --data ../shared/data/nih --batches 1 2 4 8
    python benchmarks/scoring.py --data ../shared/data/nih --memory

One run, everything in turn and once more, medians, on the same images: NIH's 1024 px originals under many names, 384 px
JPEGs, and DICOM files made from the originals. "bound" is 1 / (1 / decoding + 1 / inference), each measured alone on
all cores: what overlapping them can give at best. Starting up is not counted, for anyone. --batches tries sizes of a
batch, --memory runs the command on 500 and on 5,000 names.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tchexnet.classifier import Classifier
from tchexnet.images.read import read
from tchexnet.presets import preset as presets
from tchexnet.presets import store
from tchexnet.runtime.cores import cores
from tchexnet.runtime.openvino_engine import has_bf16
from tchexnet.runtime.quiet import openvino
from tchexnet.scoring.batch import INPUTS
from tchexnet.scoring.run import run
from tchexnet.scoring.settings import Settings

ROOT = Path(__file__).parents[1]
FORMATS = ("png", "jpeg", "dicom")
PEERS = ("process_image", "process_batch", "keras")
"""As scoring_peers.py has them; the first two are torchxrayvision's."""


def preset_at_224(name: str, folder: Path) -> presets.Preset:
    """A copy of a preset whose recipe and networks take 224 px: the weights do not depend on the size."""
    source = presets.read(store.find(name))
    shutil.copytree(source.folder, folder)
    for network in (presets.NETWORK, presets.NETWORK_INT8):
        if (folder / network).exists():
            model = openvino.Core().read_model(source.folder / network)
            model.reshape([-1, 224, 224, source.recipe.channels])
            openvino.save_model(model, folder / network, compress_to_fp16=False)
    return presets.write(replace(source, recipe=replace(source.recipe, size=224), folder=folder))


def named_often(files: list[Path], folder: Path, count: int) -> list[str]:
    """`count` names of the files, as hard links where the disk allows it."""
    folder.mkdir()
    paths = [folder / f"{i:05d}{files[i % len(files)].suffix}" for i in range(count)]
    originals = [Path(shutil.copy(file, folder.parent / f"{folder.name}-{file.name}")) for file in files]
    for i, path in enumerate(paths):
        os.link(originals[i % len(files)], path)
    return [str(path) for path in paths]


def dicom_files(pngs: list[Path], folder: Path) -> list[Path]:
    """Each PNG as a digital radiograph of 12 bits in 16, uncompressed, with a window."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

    folder.mkdir()
    for path in pngs:
        pixels = np.rint(read(path).pixels * 4095).astype("<u2")
        data = Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.SOPClassUID, data.SOPInstanceUID = DigitalXRayImageStorageForPresentation, generate_uid()
        data.Modality, data.PhotometricInterpretation, data.SamplesPerPixel = "DX", "MONOCHROME2", 1
        data.Rows, data.Columns = pixels.shape
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
        data.WindowCenter, data.WindowWidth = 2048, 4096
        data.PixelData = pixels.tobytes()
        data.save_as(folder / f"{path.stem}.dcm", enforce_file_format=True)
    return sorted(folder.iterdir())


def rate(work: Callable[[Any], object], items: Iterable[Any], threads: int, each: int = 1) -> float:
    """Images a second of `work` over items that hold `each` images, on so many threads."""
    items = list(items)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, items[:threads]))
        began = time.perf_counter()
        list(pool.map(work, items))
        return each * len(items) / (time.perf_counter() - began)


def ours(preset: presets.Preset, source: Path, count: int, precision: str, batch: int | None = None) -> float:
    """Images a second from the first file to the finished table."""
    began: list[float] = []

    def tell(done: int, total: int | None, errors: int) -> None:
        if total is not None and not began:
            began.append(time.perf_counter())

    settings = Settings(preset.folder, precision=precision, batch=batch)
    with tempfile.TemporaryDirectory() as folder:
        summary = run(str(source), Path(folder) / "s.csv", settings, tell=tell)
    assert (summary.rows, summary.errors) == (count, 0), summary
    return count / (time.perf_counter() - began[0])


def peer(name: str, python: str, paths: list[str]) -> float | str:
    """Images a second, or why there is no figure."""
    command = [python, str(ROOT / "benchmarks" / "scoring_peers.py"), name, *paths]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        return f"not measured ({ran.stderr.strip().splitlines()[-1]})"
    return float(json.loads(ran.stdout.splitlines()[-1])["images/s"])


def inference(preset: presets.Preset, precision: str, count: int) -> float:
    """Images a second of the network alone, fed with one batch again and again."""
    each = INPUTS[precision]
    classifier = Classifier(preset, "openvino", precision, cores(), each)  # type: ignore[arg-type]
    batch = preset.recipe.normalise(np.random.default_rng(0).random((each, *preset.recipe.input_shape[:2]), np.float32))
    return rate(lambda _: classifier.infer(batch), range(max(cores(), count // each)), cores(), each)


def precisions(preset: presets.Preset) -> list[str]:
    quantised = presets.NETWORK_INT8 in preset.files
    if not quantised:
        print(f"int8: not measured, {preset.name} has no int8 network; tchexnet presets quantise makes it")
    return ["fp32", *(["bf16"] if has_bf16() else []), *(["int8"] if quantised else [])]


def compare(preset: presets.Preset, files: dict[str, list[Path]], work: Path, options: argparse.Namespace) -> None:
    chosen = precisions(preset)
    for what, originals in files.items():
        paths = named_often(originals, work / what, options.count)
        rounds = [one_round(preset, work / what, paths, chosen, options) for _ in range(options.rounds)]
        found = {name: middle([one[name] for one in rounds]) for name in rounds[0]}
        decoding = found["decoding alone"]
        print(f"\n{what}: {options.count} names of {len(originals)} files; decoding alone {decoding:.1f} images/s")
        for name in PEERS:
            value = found[name]
            print(f"  {name:16s} {value if isinstance(value, str) else f'{value:7.1f} images/s'}")
        for precision in chosen:
            speed, alone = found[f"tchexnet {precision}"], found[f"{precision} alone"]
            bound = 1 / (1 / decoding + 1 / alone)
            times = [f"{speed / found[v]:5.1f} x {v}" for v in PEERS if not isinstance(found[v], str)]
            share = f"{speed / bound:4.0%} of the bound {bound:.1f} (inference alone {alone:.1f})"
            print(f"  tchexnet {precision:7s} {speed:7.1f} images/s  {share}  {'  '.join(times)}")
            print(f"    {on_paper(speed)}", flush=True)


def one_round(
    preset: presets.Preset, source: Path, paths: list[str], chosen: list[str], options: argparse.Namespace
) -> dict[str, Any]:
    """Images/s of everything once, in turn: whatever slows the machine for a while slows them alike."""
    found: dict[str, Any] = {"decoding alone": rate(lambda path: preset.recipe.apply(read(path)), paths, cores())}
    for precision in chosen:
        found[f"{precision} alone"] = inference(preset, precision, 2 * options.count // 5)
        found[f"tchexnet {precision}"] = ours(preset, source, options.count, precision)
    first = paths[: options.peer_count]
    pythons = {name: sys.executable if name == "keras" else options.peer_python for name in PEERS}
    return found | {name: peer(name, python, first) for name, python in pythons.items()}


def sweep(preset: presets.Preset, originals: list[Path], work: Path, options: argparse.Namespace) -> None:
    """Medians of the rounds, for batches of several sizes; all sizes in turn, so that a slow while slows all."""
    named_often(originals, work / "png", options.count)
    for precision in precisions(preset):
        sizes = options.batches * options.rounds
        rates = [(size, ours(preset, work / "png", options.count, precision, size)) for size in sizes]
        for size in options.batches:
            speed = statistics.median(rate for each, rate in rates if each == size)
            print(f"{precision}, {size} in a batch: {speed:5.1f} images/s", flush=True)


def middle(values: list[Any]) -> Any:
    """The median, or the reason why a figure is missing."""
    return next((value for value in values if isinstance(value, str)), None) or statistics.median(values)


def on_paper(speed: float) -> str:
    """What a rate on these cores means for NIH's whole archive and for ten million images."""
    hours = [f"{count:,} images in {count / speed / 3600:.1f} h" for count in (112_120, 10_000_000)]
    return f"on {cores()} cores {', '.join(hours)}; {cores() * 1e6 / speed / 3600:.1f} core-hours a million"


def memory(preset: presets.Preset, originals: list[Path], work: Path) -> None:
    """Peak memory of the command over 500 names and over ten times as many."""
    peaks = {}
    for count in (500, 5000):
        named_often(originals, work / str(count), count)
        command = [sys.executable, "-c", "from tchexnet.cli import main; main()", "score", str(work / str(count))]
        command += ["--preset", str(preset.folder), "--out", str(work / f"{count}.csv")]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, command
        peaks[count] = usage.ru_maxrss / (2**20 if platform.system() == "Darwin" else 2**10)
        print(f"{count} images: peak memory {peaks[count]:.0f} MiB", flush=True)
    print(f"5,000 against 500 images: {peaks[5000] / peaks[500] - 1:+.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="NIH's folder, with images_1024/ and images_384/")
    parser.add_argument("--preset", default="chexnet")
    parser.add_argument("--count", type=int, default=240, help="names a format")
    parser.add_argument("--rounds", type=int, default=3, help="of everything in turn; the medians are printed")
    parser.add_argument("--peer-count", type=int, default=24, help="of which the peers score the first")
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has torchxrayvision")
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--batches", nargs="+", type=int, help="sizes of a batch to try on PNGs, instead of peers")
    parser.add_argument("--memory", action="store_true", help="peak memory instead of speed")
    options = parser.parse_args()
    if options.batches and min(options.batches) < 1:
        parser.error(f"--batches takes sizes of 1 or more, not {min(options.batches)}")
    print(f"{time.strftime('%Y-%m-%d')}, {platform.machine()} with {cores()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        preset = preset_at_224(options.preset, work / "preset")
        originals = sorted((options.data / "images_1024").glob("*.png"))
        if options.memory:
            memory(preset, originals, work)
            return
        if options.batches:
            sweep(preset, originals, work, options)
            return
        jpegs = sorted((options.data / "images_384").iterdir())[:200]
        made = (originals, jpegs, dicom_files(originals, work / "made"))
        files = {name: some for name, some in zip(FORMATS, made, strict=True) if name in options.formats}
        compare(preset, files, work, options)


if __name__ == "__main__":
    main()
