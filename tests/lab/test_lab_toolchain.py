from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import tenacity

from lab.toolchain import ToolError, go, java_home, run


def output(*argv: str | Path) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"GOTOOLCHAIN": "local"})
    return done.stdout + done.stderr


def test_go_comes_from_the_wheel_and_not_from_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MLOPS_GO", raising=False)
    fake = tmp_path / "go"
    fake.write_text("#!/bin/sh\necho fake\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = go()
    assert found.command != fake
    assert f"go version go{found.version} " in output(found.command, "version")


def test_a_go_that_is_asked_for_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "mygo"
    fake.write_text("#!/bin/sh\necho go1.99.1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MLOPS_GO", "mygo")
    assert (go().command, go().version) == (fake, "1.99.1")


def test_a_go_that_does_not_exist_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_GO", "/nowhere/go")
    with pytest.raises(ToolError, match="MLOPS_GO=/nowhere/go: there is no such command"):
        go()


def test_where_modules_come_from_is_the_users_and_how_they_are_built_is_not(tmp_path: Path) -> None:
    user = {
        "GOPROXY": "http://127.0.0.1:1",
        "GONOSUMDB": "example.org",
        "GOSUMDB": "off",
        "HTTPS_PROXY": "http://127.0.0.1:2",
        "SSL_CERT_FILE": "/ca.pem",
        "GOFLAGS": "-mod=mod",
        "GOOS": "plan9",
        "GOROOT": "/elsewhere",
        "CGO_ENABLED": "1",
        "GOTOOLCHAIN": "auto",
    }
    env = go().environment(tmp_path / "modules", tmp_path / "objects", user)
    kept = ("GOPROXY", "GONOSUMDB", "GOSUMDB", "HTTPS_PROXY", "SSL_CERT_FILE")
    assert {name: env[name] for name in kept} == {name: user[name] for name in kept}
    assert {"GOOS", "GOROOT"}.isdisjoint(env)
    assert (env["CGO_ENABLED"], env["GOTOOLCHAIN"]) == ("0", "local")
    assert "-mod=readonly" in env["GOFLAGS"]


def test_java_comes_from_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLOPS_JAVA_HOME", raising=False)
    assert "openjdk" in output(java_home() / "bin" / "java", "-version").lower()


def test_a_java_home_without_java_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLOPS_JAVA_HOME", str(tmp_path))
    with pytest.raises(ToolError, match=f"MLOPS_JAVA_HOME: {tmp_path} has no bin/java"):
        java_home()


def test_a_tool_that_fails_is_quoted_without_credentials(tmp_path: Path) -> None:
    script = "import sys; print('\\n' * 50, 'at https://me:hidden@mirror/x', file=sys.stderr); sys.exit(3)"
    with pytest.raises(ToolError) as caught:
        run([sys.executable, "-c", script], what="building x", env=os.environ, cwd=tmp_path)
    message = str(caught.value)
    assert message.startswith("building x: python")
    assert "ended with code 3" in message
    assert "https://***@mirror/x" in message
    assert len(message.splitlines()) < 20
    assert caught.value.may_pass


def test_a_tool_that_was_killed_is_not_worth_another_attempt(tmp_path: Path) -> None:
    script = "import os; os.kill(os.getpid(), 9)"
    with pytest.raises(ToolError, match="code -9") as caught:
        run([sys.executable, "-c", script], what="x", env={}, cwd=tmp_path)
    assert not caught.value.may_pass


def test_a_tool_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="building x: /nowhere/tool is no file that can be run"):
        run(["/nowhere/tool"], what="building x", env={}, cwd=tmp_path)


def test_a_tool_does_not_outlive_an_interrupted_caller(tmp_path: Path) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    script = """
import os, signal, time
from pathlib import Path
Path("pid").write_text(str(os.getpid()))
time.sleep(0.5)  # the caller waits for it by now
os.kill(os.getppid(), signal.SIGUSR1)
time.sleep(600)
"""
    try:
        with pytest.raises(KeyboardInterrupt):
            run([sys.executable, "-c", script], what="x", env={}, cwd=tmp_path)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends children with their parent")
def test_a_tool_does_not_outlive_a_caller_that_is_killed(tmp_path: Path) -> None:
    caller = """
import os, sys
from pathlib import Path
from lab.toolchain import run
script = "echo $$ > pid; exec sleep 600"
run(["/bin/sh", "-c", script], what="x", env=os.environ, cwd=Path(sys.argv[1]))
"""
    command = [sys.executable, "-c", caller, str(tmp_path)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        for attempt in tenacity.Retrying(
            wait=tenacity.wait_fixed(0.02), stop=tenacity.stop_after_delay(60), reraise=True
        ):
            with attempt:
                pid = int((tmp_path / "pid").read_text())
        tool_process = psutil.Process(pid)
        process.kill()
    tool_process.wait(timeout=60)
