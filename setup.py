"""A shim: the metadata lives in pyproject.toml. All that is done here is to put the shipped weights into a wheel."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithWeights(build_py):
    """Copy `weights/` to `tchexnet/_weights/`; an editable install reads the checkout's own instead."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib, "tchexnet", "_weights")
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree("weights", target)


setup(cmdclass={"build_py": BuildWithWeights})
