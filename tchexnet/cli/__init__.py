"""The command line. Data on stdout, talk on stderr; exit 0 all well, 1 some input refused, 2 usage, 130 interrupted."""

from tchexnet.cli.main import main

__all__ = ["main"]
