"""What tests of pictures share: graphs, jobs, texts that break formats, and a browser that looks at pages."""

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from foundations import Stage, create_stage
from foundations.describe import describe
from foundations.pictures.picture import Picture, show
from foundations_archive.records import JobRecord, JobSpec, StageRecord, StageSpec, Value
from tests.conftest import cannot

Look = Callable[..., Any]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

ODD_TEXTS = (
    "<script>alert(1)</script>",
    "</text></svg><img src=x onerror=alert(1)>",
    "]]><!--",
    "&lt;b&gt; &amp;",
    "a\"b'c`d",
    "line\nbreak",
    "größe 模型 🚀 é",
    "\x00 \ud800 \u202e \ufffe",
    "end",
    "subgraph",
    'x"]; y --> z; n0["',
    "`*bold*` **bold** __init__ _a_ ~~gone~~",
    '%%{init: {"theme": "dark"}}%%',
    "%% remark",
    "style a:b#c; classDef d:#e;",
    "#35; #quot; ﬂ°°60¶ß ﬂ°lt¶ß",
    "1. list",
    "- item",
    "+ item",
    "# head",
    "> said",
    "$$x^2$$ $$$$",
    "fa:fa-car fab:fa-github",
    "@{ shape: x }:::failed",
    "[link](http://127.0.0.1/) http://127.0.0.1/ www.example.org",
    "\\n \\\\ \\u0041",
    "",
    " ",
    "x" * 10_000,
    "\N{MATHEMATICAL DOUBLE-STRUCK CAPITAL X}" * 500,
    "===",
    "a|b|c{d}(e)[f]",
)


def function_called(name: str) -> Callable[..., Stage]:
    """Return what makes stages of this name, which take anything."""

    def made(*parts: Any, **named: Any) -> None: ...

    made.__name__ = made.__qualname__ = name
    return create_stage(made)


def job_of(stage: Stage, become: Callable[[StageSpec], StageRecord], **fields: Any) -> tuple[JobSpec, JobRecord]:
    """Return a job of a stage, each of whose stages has become what `become` says."""
    specs, _ = describe(stage.graph())
    spec = JobSpec(
        job_id="the-job",
        project="demo",
        user="me",
        created=0.0,
        target=stage.uuid(),
        stages=specs,
        graph=Value("pickle5"),
        bundle="",
        paths=(),
        directory=".",
        python="3.11",
        environment="local",
    )
    facts = {"state": "Completed", "started": 100.0, "ended": 112.5, **fields}
    return spec, JobRecord("the-job", stages=tuple(map(become, specs)), **facts)


@pytest.fixture
def odd() -> Picture:
    """A graph whose stages and arguments have every odd text as name and as value."""
    stages = [function_called(text)(text, *range(n % 3)) for n, text in enumerate(ODD_TEXTS)]
    merged = [function_called("merge")(**{text: stage}) for text, stage in zip(ODD_TEXTS, stages, strict=True)]
    return show(function_called("all")(merged[0], parts=merged))


class _Pages(BaseHTTPRequestHandler):
    """Serves what a test gives it, and takes what the page then says."""

    def __init__(self, pages: Mapping[str, bytes], said: "queue.Queue[Any]", *request: Any) -> None:
        self._pages, self._said = pages, said
        super().__init__(*request)

    def do_GET(self) -> None:
        found = self._pages.get(self.path)
        self.send_response(404 if found is None else 200)
        kind = "image/svg+xml" if self.path.endswith(".svg") else "text/html"
        self.send_header("Content-Type", f"{'text/javascript' if self.path.endswith('.js') else kind}; charset=utf-8")
        self.end_headers()
        self.wfile.write(found or b"")

    def do_POST(self) -> None:
        self._said.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Look]:
    """Return a function that opens a page in a real browser and returns what its script says.

    The script is the body of an asynchronous function; further files are served beside the page.
    """
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        cannot("no Chromium to look at pictures with; on Debian: apt-get install chromium")
    pages: dict[str, bytes] = {}
    said: queue.Queue[Any] = queue.Queue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Pages, pages, said))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def looked(body: str, script: str, **files: str | bytes) -> Any:
        pages["/"] = _page(body, script).encode()
        for name, content in files.items():
            pages[f"/{name.replace('_', '.')}"] = content.encode() if isinstance(content, str) else content
        with _opened(browser, f"http://127.0.0.1:{server.server_port}/", tmp_path / "profile"):
            answer = said.get(timeout=90)
        assert "raised" not in answer, answer
        return answer["returned"]

    try:
        yield looked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _page(body: str, script: str) -> str:
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{body}<script type="module">
        let answer;
        try {{ answer = {{returned: await (async () => {{ {script} }})()}}; }}
        catch (error) {{ answer = {{raised: String(error.stack || error)}}; }}
        await fetch("/said", {{method: "POST", body: JSON.stringify(answer)}});
    </script></body></html>"""


@contextmanager
def _opened(browser: str, address: str, profile: Path) -> Iterator[None]:
    # the sandbox needs rights that containers lack; the pages are our own
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    quiet = ["--disable-background-networking", "--no-proxy-server", f"--user-data-dir={profile}"]
    started = subprocess.Popen(
        [browser, *options, *quiet, "--window-size=1000,800", "--remote-debugging-port=0", address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
