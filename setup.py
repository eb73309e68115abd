"""A shim: the metadata lives in pyproject.toml. What is here cannot be said there."""

import shutil
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.egg_info import egg_info


class BuildWithWeights(build_py):
    """Copy weights and the page's sample into the package in a wheel; an editable install reads the checkout's own."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib, "tchexnet", "_weights")
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree("weights", target)
            page = Path(self.build_lib, "tchexnet", "web", "static")
            page.mkdir(parents=True, exist_ok=True)
            shutil.copy2("hello_world_images/mean_chest.dcm", page)


class InfoForAnyPython(egg_info):
    """Ask for nothing on a Python that `requires-python` excludes.

    Older pips look for the dependencies first, and stop at one that has no release for that Python, with a page of
    versions. With nothing to look for, every pip says its one sentence: tchexnet requires a different Python.
    """

    def run(self) -> None:
        if not (3, 11) <= sys.version_info < (3, 14):
            self.distribution.metadata.install_requires = []
        super().run()


setup(cmdclass={"build_py": BuildWithWeights, "egg_info": InfoForAnyPython})
