"""A standalone cluster on loopback, of a Spark without Delta and a Python without kloutspark.

with standalone(folder, package, workers=2) as cluster:
    done = cluster.submit("daily_scores", "--as-of", "2026-03-31", "--root", root)
"""

import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
# a process whose group ends when its standard input does: also when whoever holds the other end is killed
GUARD = '{ read -r; kill -KILL 0; } <&0 >/dev/null 2>&1 & exec "$@" </dev/null'
READY_SECONDS = 120  # seven on a quiet machine
END_SECONDS = 30  # a Python worker ends by itself when its executor has
SUBMIT_SECONDS = 600
SHOWN = 3000  # characters of the end of a log


@dataclass(frozen=True)
class Cluster:
    """Where to submit what to, and what was said there."""

    master: str
    spark: Path
    package: Path
    folder: Path
    environment: Mapping[str, str]

    def submit(self, job: str, *argv: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Waits for `spark-submit` of a packaged job in client mode, from the folder above the package.

        Raises:
            TimeoutExpired: it does not end; it is ended then.
        """
        jars = ",".join(str(jar.relative_to(self.package.parent)) for jar in self.package.glob("*.jar"))
        package = self.package.name
        command = [f"{self.spark}/bin/spark-submit", "--master", self.master, *options]
        command += ["--py-files", f"{package}/kloutspark.zip", "--jars", jars, f"{package}/jobs/{job}.py", *argv]
        with _guarded(
            command, self.environment, cwd=self.package.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as started:
            out, said = started.communicate(timeout=SUBMIT_SECONDS)
        return subprocess.CompletedProcess(command, started.returncode, out, said)

    def logs(self) -> str:
        """The ends of what daemons and executors have logged."""
        found = sorted({*self.folder.glob("*.log"), *self.folder.glob("*/app-*/*/std*")})
        return "\n".join(f"{path.relative_to(self.folder)}: {path.read_text()[-SHOWN:]}" for path in found)


def package(folder: Path) -> Path:
    """What `make package` makes, in a folder."""
    made = subprocess.run(
        ["make", "package", f"DIST={folder}"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return folder


def bare_environment(folder: Path) -> dict[str, str]:
    """That of a machine on which the requirements are installed, and kloutspark is not.

    The interpreter below ours, told where our packages are, reads no .pth file there, and these name the checkout.
    """
    paths = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    own = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK", "PYSPARK"))}
    return own | {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYSPARK_PYTHON": getattr(sys, "_base_executable", sys.executable),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
    }


@contextmanager
def standalone(folder: Path, package: Path, *, workers: int, memory: str = "1g") -> Iterator[Cluster]:
    """A master and so many workers of one core, which end with the block, all ports their own choice.

    Raises:
        AssertionError: a daemon is not ready within two minutes, or something is left when all have ended.
    """
    spark = _without_delta(folder / "spark")
    inherited = bare_environment(folder) | {"SPARK_HOME": str(spark)}
    small = {"SPARK_DAEMON_MEMORY": "256m", "SPARK_DAEMON_JAVA_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"}
    groups = []
    with ExitStack() as running:

        def start(role: str, name: str, *argv: str) -> Path:
            daemon = [f"{spark}/bin/spark-class", f"org.apache.spark.deploy.{role}", "--host", "127.0.0.1", *argv]
            log = folder / f"{name}.log"
            said = running.enter_context(log.open("w"))
            started = running.enter_context(_guarded(daemon, inherited | small, stdout=said, stderr=said))
            groups.append(started.pid)
            return log

        log = start("master.Master", "master", "--port", "0", "--webui-port", "0")
        master = _waited_for(r"Starting Spark master at (spark://\S+)", log)
        of_each = ["--cores", "1", "--memory", memory, "--webui-port", "0", master]
        names = [f"worker-{n}" for n in range(workers)]
        for log in [start("worker.Worker", name, "-d", str(folder / name), *of_each) for name in names]:
            _waited_for(r"Successfully registered with master (\S+)", log)
        yield Cluster(master, spark, package, folder, inherited)
    assert not (left := _in_sessions(groups)), f"still running: {left}"


def _without_delta(folder: Path) -> Path:
    """Our pyspark as others install it, by links: without the jars that set-up has put there."""
    ours = Path(str(distribution("pyspark").locate_file("pyspark")))
    (folder / "jars").mkdir(parents=True)
    for path in ours.iterdir():
        if path.name != "jars":
            (folder / path.name).symlink_to(path)
    for jar in (ours / "jars").iterdir():
        if not jar.name.startswith("delta-s"):
            (folder / "jars" / jar.name).symlink_to(jar)
    return folder


@contextmanager
def _guarded(command: Sequence[str], environment: Mapping[str, str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process in a session of its own, which ends with the block."""
    end, held = os.pipe()
    try:
        with subprocess.Popen(
            ["bash", "-c", GUARD, "bash", *command],
            env=environment,
            start_new_session=True,
            stdin=end,
            text=True,
            **options,
        ) as started:
            try:
                yield started
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(started.pid, signal.SIGKILL)
    finally:
        os.close(end)
        os.close(held)


def _waited_for(pattern: str, log: Path) -> str:
    until = time.monotonic() + READY_SECONDS
    while (found := re.search(pattern, log.read_text())) is None:
        assert time.monotonic() < until, f"not ready: {log.read_text()[-SHOWN:]}"
        time.sleep(0.1)
    return found[1]


def _in_sessions(groups: Sequence[int]) -> list[str]:
    """Processes of the sessions: Python workers too, which are no members of the groups and end with their executor."""
    until = time.monotonic() + END_SECONDS
    while left := [line for line in _processes() if int(line.split()[0]) in groups]:
        if time.monotonic() > until:
            break
        time.sleep(0.2)
    return left


def _processes() -> list[str]:
    listed = subprocess.run(["ps", "-A", "-o", "sid=,stat=,pid=,args="], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if not line.split()[1].startswith("Z")]
