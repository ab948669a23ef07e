from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import zipfile
from pathlib import Path

import pytest
import tenacity

from config import catalog
from lab.cache import Cache, Entry, Verify
from lab.download import Attempts, DownloadError
from lab.images import (
    ENVIRONMENTS,
    ImageError,
    environment,
    install,
    pip_environment,
    repositories,
    runnable,
    split,
)
from lab.progress import Step
from lab.toolchain import ToolError
from tests.lab.told import Answer, Mirror, Told

MLFLOW, GATE = catalog.MLFLOW_IMAGE, catalog.TRACKING_GATE_IMAGE
WHEEL = "hello_lab-1.0-py3-none-any.whl"


def wheel() -> bytes:
    """A package with one command, `hello-lab`."""
    contents = {
        "hello_lab.py": "def main():\n    print('hello from the lab')\n",
        "hello_lab-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: hello-lab\nVersion: 1.0\n",
        "hello_lab-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "hello_lab-1.0.dist-info/entry_points.txt": "[console_scripts]\nhello-lab = hello_lab:main\n",
    }
    record = ""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in contents.items():
            archive.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{name},sha256={digest},{len(text)}\n"
        archive.writestr("hello_lab-1.0.dist-info/RECORD", record + "hello_lab-1.0.dist-info/RECORD,,\n")
    return file.getvalue()


WHOLE = wheel()


def index(path: str) -> Answer:
    """Answers as a package index that has one package."""
    if path == "/simple/hello-lab/":
        return Answer(content=f'<!DOCTYPE html><a href="/files/{WHEEL}">{WHEEL}</a>'.encode())
    return Answer(content=WHOLE) if path == f"/files/{WHEEL}" else Answer(status=404)


def lock(folder: Path, content: bytes) -> Path:
    file = folder / "hello.lock"
    file.write_text(f"hello-lab==1.0 \\\n    --hash=sha256:{hashlib.sha256(content).hexdigest()}\n")
    return file


@pytest.fixture
def hello(tmp_path: Path) -> Entry:
    file = lock(tmp_path, WHOLE)

    def build(folder: Path, step: Step) -> None:
        install(folder / "venv", file, step, Attempts(wait=tenacity.wait_none()))

    return Entry(name="hello", key="1", label="installing hello", build=build, verify=Verify.STAT)


@pytest.fixture(autouse=True)
def _no_other_index(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "HTTP_PROXY", "http_proxy", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("registry.example/team/tool:v1", ("registry.example/team/tool", "v1")),
        ("registry.example/team/tool:v1@sha256:00", ("registry.example/team/tool", "v1")),
        ("registry.example/team/tool@sha256:00", ("registry.example/team/tool", "latest")),
        ("localhost:5000/tool", ("localhost:5000/tool", "latest")),
        ("localhost:5000/tool:v1", ("localhost:5000/tool", "v1")),
        ("busybox", ("busybox", "latest")),
    ],
)
def test_an_image_reference_is_split_at_its_tag(reference: str, expected: tuple[str, str]) -> None:
    assert split(reference) == expected


def test_only_images_of_the_table_are_run(tmp_path: Path) -> None:
    assert repositories() == (MLFLOW.repository, GATE.repository, catalog.GPU_GUARD_IMAGE.repository)
    assert runnable(MLFLOW.reference)
    assert runnable(f"{MLFLOW.repository}:other")
    assert not runnable(f"{MLFLOW.repository}-other:v1")
    assert environment("busybox:1", Cache(tmp_path / "cache"), Told()) is None
    assert not (tmp_path / "cache").exists()


def test_another_tag_is_refused_and_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=f"the lab has {MLFLOW.reference} and no other tag"):
        environment(f"{MLFLOW.repository}:v0.1", Cache(tmp_path), Told())


def test_the_lock_pins_the_version_of_the_catalogue() -> None:
    lines = ENVIRONMENTS[MLFLOW.repository].lock.read_text().splitlines()
    assert f"mlflow=={catalog.MLFLOW} \\" in lines
    assert catalog.MLFLOW in MLFLOW.tag


def test_packages_come_from_the_index_of_the_environment_and_their_commands_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hello: Entry
) -> None:
    cache = Cache(tmp_path / "cache")
    with Mirror(index).serving() as mirror:
        monkeypatch.setenv("PIP_INDEX_URL", f"{mirror.address}/simple")
        folder = cache.entry(hello, Told())
    command = folder / "venv" / "bin" / "hello-lab"
    assert subprocess.run([command], capture_output=True, text=True, check=True).stdout == (
        "hello from the lab\n"
    )
    assert mirror.asked == ["/simple/hello-lab/", f"/files/{WHEEL}"]
    assert cache.find(hello), "running it is no damage"


def test_a_package_without_a_hash_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hello: Entry
) -> None:
    (tmp_path / "hello.lock").write_text("hello-lab==1.0\n")
    with Mirror(index).serving() as mirror:
        monkeypatch.setenv("PIP_INDEX_URL", f"{mirror.address}/simple")
        with pytest.raises(ToolError, match=r"require-hashes|hashes are required"):
            Cache(tmp_path / "cache").entry(hello, Told())


def test_a_package_with_another_hash_is_refused_and_leaves_no_entry(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hello: Entry
) -> None:
    lock(tmp_path, b"what was locked")
    with Mirror(index).serving() as mirror:
        monkeypatch.setenv("PIP_INDEX_URL", f"{mirror.address}/simple")
        with pytest.raises(DownloadError, match=r"Python packages of hello(?s:.*)DO NOT MATCH THE HASHES"):
            Cache(tmp_path / "cache").entry(hello, Told())
    assert [path.name for path in (tmp_path / "cache" / "hello").iterdir()] == ["1.lock"]


def test_an_index_that_breaks_off_is_asked_again_and_then_named_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hello: Entry
) -> None:
    def breaking(path: str) -> Answer:
        answer = index(path)
        return Answer(content=answer.content, cut=10) if path.startswith("/files") else answer

    monkeypatch.setenv("PIP_RETRIES", "0")
    with Mirror(breaking).serving() as mirror:
        monkeypatch.setenv("PIP_INDEX_URL", f"{mirror.address}/simple")
        with pytest.raises(DownloadError, match=r"Python packages of hello: .* 4 attempts") as caught:
            Cache(tmp_path / "cache").entry(hello, Told())
    assert "PIP_INDEX_URL" in str(caught.value)
    assert mirror.asked.count(f"/files/{WHEEL}") >= 4
    assert [path.name for path in (tmp_path / "cache" / "hello").iterdir()] == ["1.lock"]


def test_settings_that_would_install_elsewhere_are_left_out() -> None:
    user = {"PIP_TARGET": "/x", "PYTHONPATH": "/y", "PIP_INDEX_URL": "http://127.0.0.1", "PIP_CERT": "/ca"}
    assert pip_environment(user) == {"PIP_INDEX_URL": "http://127.0.0.1", "PIP_CERT": "/ca"}


def test_the_real_mlflow_runs_in_its_pinned_version() -> None:
    """Installs it into the user's own cache if it is not there yet (a minute), as `make up` does."""
    programs = environment(MLFLOW.reference, Cache(), Told())
    assert programs
    assert programs.variables == {}
    folder = programs.folder
    assert {path.name for path in folder.parent.iterdir()} == {"venv", ".manifest.json"}
    shown = subprocess.run(
        [folder / "bin" / "mlflow", "--version"], capture_output=True, text=True, check=True
    )
    assert catalog.MLFLOW in shown.stdout
    subprocess.run(
        [folder / "bin" / "python", "-c", "import boto3, psycopg2, sklearn, uvicorn"], check=True, env={}
    )


def test_the_tracking_gate_runs_the_code_of_this_checkout(tmp_path: Path) -> None:
    programs = environment(GATE.reference, Cache(), Told())
    assert programs
    assert programs.source == Path(__file__).resolve().parents[2] / "services"
    done = subprocess.run(
        [str(programs.folder / "bin" / "python"), "-m", "tracking_gate"],
        check=False,
        env={**programs.variables, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2,
        "tracking gate: the configuration is refused",
    )


def test_the_gates_lock_holds_what_its_requirements_name() -> None:
    lock = ENVIRONMENTS[GATE.repository].lock
    lines = lock.with_suffix(".txt").read_text().splitlines()
    named = [line.replace("[crypto]", "").lower() for line in lines if line and not line.startswith("#")]
    assert named
    assert [name for name in named if f"\n{name} \\" not in f"\n{lock.read_text()}"] == []
