"""Make mean_chest.png and mean_chest.dcm: the average of 200 registered normal adult PA chest radiographs.

    python hello_world_images/make_mean_chest.py --data ../shared/data/nih

Every image is moved towards the evolving mean of all of them: first by an affine map, then by smooth displacements on
finer and finer detail. No reference person is picked, and the mean displacement is taken off after each round, so the
shape is the average one. Nothing is random: the same images and libraries give the same pixels.

A displacement is a (2, size, size) float32 field of (row, column) pixels: where to read the source image.
"""

import argparse
import csv
import hashlib
import time
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid
from scipy.ndimage import gaussian_filter
from scipy.stats import trim_mean
from skimage import exposure, filters, io, registration, transform

Array = npt.NDArray[np.floating[Any]]
Row = dict[str, str]
HERE = Path(__file__).resolve().parent
SIDE = 384
FRAME = 349
"""Side of the part that is kept: below and beside it, too many radiographs have ended."""
ORIGIN = "Mean of {n} registered normal adult PA radiographs, NIH Clinical Center ChestX-ray14. Nobody's chest."


@dataclass(frozen=True)
class Round:
    """One registration round; lengths in pixels of a `size` x `size` image."""

    size: int
    band: float | None
    """Sigma above which structure is filtered out, so that ribs weigh as much as outlines; None keeps grey values."""
    radius: int
    """Window of the optical flow."""
    smooth: float | None
    """Sigma that smooths the displacement; None allows an affine map only."""


OUTLINES = 4 * [Round(96, None, 12, None)] + [Round(96, 8, 6, 5), Round(96, 8, 5, 3)]
RIBS = 3 * [Round(96, 4, 6, 4)] + 2 * [Round(96, 4, 5, 3)] + 3 * [Round(96, 2.5, 6, 4)] + 2 * [Round(96, 2.5, 5, 3)]
DETAIL = [Round(192, 5, 9, 5), Round(192, 5, 8, 4), Round(192, 5, 7, 4)]


def normal_adult_pa(data: Path) -> list[Row]:
    """Rows of Data_Entry_2017.csv: train_val_list.txt, No Finding, PA, 18 or older, with a copy in images_384."""
    listed = set((data / "train_val_list.txt").read_text().split())
    with (data / "Data_Entry_2017.csv").open(newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["Image Index"] in listed]
    return [
        row
        for row in rows
        if row["Finding Labels"] == "No Finding"
        and row["View Position"] == "PA"
        and int(row["Patient Age"]) >= 18
        and path_384(data, row).exists()
    ]


def path_384(data: Path, row: Row) -> Path:
    """Where the 384-pixel copy of a row is."""
    return data / "images_384" / (Path(row["Image Index"]).stem + ".jpg")


def read(path: Path) -> Array:
    """One image: (384, 384) float32 in 0..1."""
    return io.imread(path, as_gray=True).astype(np.float32) / 255


def flatten(detail: Array, sigma: float) -> Array:
    """Divide by the local standard deviation: a faint rib of the mean then matches a strong one of an image."""
    return (detail / np.sqrt(gaussian_filter(detail**2, sigma) + 1e-5)).astype(np.float32)


def feature(image: Array, size: int, band: float | None) -> Array:
    """What is registered: (size, size) grey values, or their detail below sigma `band`, locally normalised."""
    small = transform.resize(image, (size, size), anti_aliasing=True).astype(np.float32)
    if band is None:
        return small
    return flatten(gaussian_filter(small, 0.007 * size) - gaussian_filter(small, band), 1.7 * band)


def warp(image: Array, displacement: Array, mode: str = "edge") -> Array:
    """Read `image` at each pixel plus its displacement."""
    grid = np.mgrid[: image.shape[0], : image.shape[1]]
    return transform.warp(image, grid + displacement, order=1, mode=mode).astype(np.float32)


def resized(displacement: Array, size: int) -> Array:
    """The same displacement on a `size` x `size` grid."""
    scale = size / displacement.shape[-1]
    return (transform.resize(displacement, (2, size, size), order=1) * scale).astype(np.float32)


def nearest_affine(displacement: Array) -> Array:
    """Least-squares affine map of a displacement, the centre of the image weighing most."""
    size = displacement.shape[-1]
    y, x = np.mgrid[:size, :size] / size - 0.5
    weight = np.exp(-(x**2 + y**2) / 0.15).ravel()[:, None]
    basis = np.stack([np.ones(size**2), x.ravel(), y.ravel()], axis=1)
    coefficients = np.linalg.lstsq(basis * weight, displacement.reshape(2, -1).T * weight, rcond=None)[0]
    return (basis @ coefficients).T.reshape(displacement.shape)


def closer(image: Array, displacement: Array, mean: Array, todo: Round) -> Array:
    """The displacement after one optical-flow step towards `mean`, kept affine or smooth."""
    flow = registration.optical_flow_ilk(
        mean, warp(image, displacement), radius=todo.radius, num_warp=4, gaussian=True, prefilter=True
    )
    moved = flow + np.stack([warp(axis, flow) for axis in displacement])
    if todo.smooth is None:
        return nearest_affine(moved)
    return np.stack([gaussian_filter(axis, todo.smooth) for axis in moved])


def register(images: list[Array], rounds: list[Round], pool: Any) -> Array:
    """Displacements (n, 2, size, size) that bring the images onto their common mean, `size` being the last round's."""
    fields = np.zeros((len(images), 2, rounds[0].size, rounds[0].size), np.float32)
    for todo in rounds:
        features = pool.map(partial(feature, size=todo.size, band=todo.band), images)
        if fields.shape[-1] != todo.size:
            fields = np.stack([resized(field, todo.size) for field in fields])
        mean = np.mean(pool.starmap(warp, zip(features, fields, strict=True)), axis=0)
        target = mean if todo.band is None else flatten(mean, 1.7 * todo.band)
        step = partial(closer, mean=target, todo=todo)
        fields = np.stack(pool.starmap(step, zip(features, fields, strict=True))).astype(np.float32)
        fields -= fields.mean(axis=0)
        print(f"{todo}: contrast of the mean {mean.std():.3f}", flush=True)
    return fields


def aligned(image: Array, field: Array) -> Array:
    """One image at full size, moved onto the mean."""
    return warp(image, resized(field, SIDE), mode="reflect")


def framed(mean: Array) -> Array:
    """The kept part of the mean, from its top edge and centred sideways, at full size again."""
    left = (SIDE - FRAME) // 2
    return transform.resize(mean[:FRAME, left : left + FRAME], (SIDE, SIDE), order=3)


def natural_contrast(mean: Array, originals: list[Array]) -> Array:
    """Sharpen what averaging blurred, then give the mean the average histogram of the originals. In 0..1."""
    sharp = filters.unsharp_mask(filters.unsharp_mask(mean, radius=12, amount=0.4), radius=2, amount=1)
    level = np.linspace(0, 1, 256)
    stretched = [(q - q[1]) / (q[-2] - q[1]) for q in (np.quantile(image, level) for image in originals)]
    return np.interp(exposure.equalize_hist(sharp, nbins=4096), level, np.clip(stretched, 0, 1).mean(axis=0))


def provenance(data: Path, rows: list[Row]) -> Dataset:
    """What the DICOM says of its sources; its spacing is the mean detector field of the originals, in millimetres."""
    height = np.mean([float(row["Height]"]) * float(row["y]"]) for row in rows])
    width = np.mean([float(row["OriginalImage[Width"]) * float(row["OriginalImagePixelSpacing[x"]) for row in rows])
    size = np.mean([path_384(data, row).stat().st_size for row in rows])
    ds = Dataset()
    ds.ImagerPixelSpacing = [round(float(field) / SIDE * FRAME / SIDE, 3) for field in (height, width)]
    ds.LossyImageCompression, ds.LossyImageCompressionMethod = "01", "ISO_10918_1"
    ds.LossyImageCompressionRatio = round(SIDE**2 / float(size), 1)
    ds.PatientIdentityRemoved, ds.DeidentificationMethod = "YES", f"Average of {len(rows)} radiographs"
    ds.DerivationDescription = ORIGIN.format(n=len(rows))
    return ds


def code(value: str, scheme: str, meaning: str) -> list[Dataset]:
    """A coded entry, as DICOM sequences hold them."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return [item]


def describe(ds: Dataset) -> None:
    """Fill in who and what: a DX image for presentation, of nobody."""
    ds.Modality, ds.PresentationIntentType, ds.ImageType = "DX", "FOR PRESENTATION", ["DERIVED", "PRIMARY"]
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "MEAN^CHEST", "", "", ""
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "", "", "", "", ""
    ds.SeriesNumber, ds.InstanceNumber, ds.Manufacturer = "1", "1", ""
    ds.BodyPartExamined, ds.ViewPosition, ds.PatientOrientation, ds.ImageLaterality = "CHEST", "PA", ["L", "F"], "U"
    ds.AnatomicRegionSequence = code("51185008", "SCT", "Chest")
    ds.ViewCodeSequence = code("399348003", "SCT", "postero-anterior")
    ds.BurnedInAnnotation, ds.DetectorType, ds.AcquisitionContextSequence = "NO", "", []


def dicom(image: Array, sources: Dataset) -> FileDataset:
    """A 12-bit Digital X-Ray Image of `image` (0..1); its window gives the 8-bit image back. UIDs follow the pixels."""
    stored = np.round(image * 4095).astype("<u2")
    study, series, instance = (
        generate_uid(entropy_srcs=["tchexnet mean chest", part, hashlib.sha256(stored.tobytes()).hexdigest()])
        for part in ("study", "series", "instance")
    )
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, instance
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = DigitalXRayImageStorageForPresentation, instance
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, series
    describe(ds)
    ds.update(sources)
    ds.WindowCenter, ds.WindowWidth, ds.PresentationLUTShape = "2048", "4096", "IDENTITY"
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LOG", -1
    ds.set_pixel_data(stored, "MONOCHROME2", 12, generate_instance_uid=False)
    return ds


def main() -> None:
    """Read, register, average, write; print what was averaged."""
    parser = argparse.ArgumentParser(description="Make mean_chest.png and mean_chest.dcm from NIH ChestX-ray14.")
    parser.add_argument("--data", type=Path, required=True, help="folder with Data_Entry_2017.csv and images_384/")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: beside this script)")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    start = time.perf_counter()
    rows = normal_adult_pa(args.data)
    names = hashlib.sha256("\n".join(row["Image Index"] for row in rows).encode()).hexdigest()
    print(f"n {len(rows)}, patients {len({row['Patient ID'] for row in rows})}, image list sha256 {names}", flush=True)
    originals = [read(path_384(args.data, row)) for row in rows]
    images = [exposure.equalize_hist(image).astype(np.float32) for image in originals]
    with Pool(args.workers) as pool:
        fields = register(images, OUTLINES + RIBS + DETAIL, pool)
        stack = np.stack(pool.starmap(aligned, zip(images, fields, strict=True)))
    mean = natural_contrast(framed(trim_mean(stack, 0.25, axis=0)), originals)
    io.imsave(args.out / "mean_chest.png", np.round(mean * 255).astype(np.uint8))
    sample = dicom(mean, provenance(args.data, rows))
    pydicom.dcmwrite(args.out / "mean_chest.dcm", sample, enforce_file_format=True)
    for name in ("mean_chest.png", "mean_chest.dcm"):
        print(name, "sha256", hashlib.sha256((args.out / name).read_bytes()).hexdigest())
    print(f"wall time {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
