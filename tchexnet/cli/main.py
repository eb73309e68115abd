"""`tchexnet`: one tool, one small file a command."""

from __future__ import annotations

import os
import sys

import typer

from tchexnet.cli import calibrate, evaluate, explain, predict, prepare, presets, score, serve, talk, train
from tchexnet.cli.on_ray import OptionalAddress
from tchexnet.errors import TchexnetError

app = typer.Typer(
    help="Read, teach and take apart chest radiograph networks. Research use; not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("predict")(predict.command)
app.command("explain")(explain.command)
app.command("score", cls=OptionalAddress)(score.command)
app.command("train")(train.command)
app.command("evaluate")(evaluate.command)
app.command("calibrate")(calibrate.command)
app.command("serve")(serve.command)
app.add_typer(presets.app, name="presets")
app.add_typer(prepare.app, name="prepare")


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if version:
        import tchexnet

        print(tchexnet.__version__)
        raise typer.Exit


def main() -> None:
    """The entry point: every error of the family, and of the disk, becomes one sentence on stderr and exit code 1."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's own talk of its start; errors still come
    try:
        app()
    except TchexnetError as error:
        talk.say(f"error: {error}")
        sys.exit(1)
    except OSError as error:
        if error.errno is None:  # a library's own, not the system's
            raise
        file = error.filename2 or error.filename or "A file"
        talk.say(
            f"error: {file} cannot be read or written ({error.strerror}): check the disk's room and the permissions, "
            "and give the same command again."
        )
        sys.exit(1)
    except KeyboardInterrupt:
        talk.say("interrupted")
        sys.exit(130)
