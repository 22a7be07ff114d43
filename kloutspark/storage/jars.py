"""Delta's two jars, brought once into the environment's own pyspark; run by set-up: python -m kloutspark.storage.jars.

Jars in pyspark/jars are on the class path of every session, of spark-submit and of a standalone cluster that start from
this environment: no setting, nothing to pass on, no network later (docs/decisions/001-jars-in-the-environment.md).
"""

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

from kloutspark.domain.errors import Exit, InputError, KloutsparkError

JAVA_VERSIONS = (17, 21)  # those that Spark 4.2 supports
# pyspark's own, or called by nobody: every use that we make of Delta passes with two jars
EXCLUDED = "io.delta:delta-kernel-*,io.unitycatalog:*,org.apache.hadoop:*"
TIMEOUT_SECONDS = 300  # 10 MB on a slow line; behind a silent firewall Ivy alone waits far longer
START = """
import sys
from pyspark.sql import SparkSession
SparkSession.builder.master("local[1]").config(map=dict(a.split("=", 1) for a in sys.argv[1:])).getOrCreate().stop()
"""


def require_java() -> None:
    """The Java that Spark will start, JAVA_HOME's or else the PATH's, is one that it can run on.

    Raises InputError where there is none, or it is of another version.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    found = f"no java in JAVA_HOME, {home}" if home else "none on the PATH and no JAVA_HOME"
    if java is not None:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - theirs
        match = re.search(r'version "((\d+)[^"]*)"', said.stderr + said.stdout)
        if match and int(match[2]) in JAVA_VERSIONS:
            return
        found = f"{match[1] if match else 'a program that does not say its version'} ({java})"
    remedy = "Install one, for example: apt-get install openjdk-17-jre-headless"
    remedy += f"; then set JAVA_HOME to it or unset JAVA_HOME ({home})." if home else "."
    raise InputError("Java", expected=" or ".join(map(str, JAVA_VERSIONS)), found=found, remedy=remedy)


def bring_jars() -> None:
    """Copies the jars unless they are there.

    Raises InputError where Java does not fit, Maven does not answer, or the environment cannot be written.
    """
    folder = Path(str(distribution("pyspark").locate_file("pyspark/jars")))
    delta, spark = version("delta-spark"), ".".join(version("pyspark").split(".")[:2])
    artifact = f"delta-spark_{spark}_2.13"  # the only Scala that Spark 4 is built for
    names = (f"delta-storage-{delta}.jar", f"{artifact}-{delta}.jar")
    if all((folder / name).is_file() for name in names):
        return
    require_java()
    with tempfile.TemporaryDirectory(prefix="kloutspark-jars-") as home:
        _resolve(f"io.delta:{artifact}:{delta}", home)
        try:
            for name in names:
                part = folder / f"{name}.part-{os.getpid()}"
                shutil.copyfile(f"{home}/ivy/jars/io.delta_{name}", part)
                part.replace(folder / name)  # a killed set-up leaves no half jar under a jar's name
            for other in {*folder.glob("delta-s[pt]*.jar")} - {folder / name for name in names}:
                other.unlink()  # of another version: a class path holds one
        except OSError as error:
            remedy = "Make the environment again as a user who may write there: make clean setup."
            raise InputError(str(folder), expected="room for two jars", found=str(error), remedy=remedy) from None


def _resolve(coordinates: str, home: str) -> None:
    """Spark's own Ivy fetches them, in a process whose home is empty: poms without jars in ~/.m2 would break it."""
    settings = {
        "spark.jars.packages": coordinates,
        "spark.jars.excludes": EXCLUDED,
        "spark.jars.ivy": f"{home}/ivy",
        "spark.driver.extraJavaOptions": f'"-Duser.home={home}"',
        "spark.ui.enabled": "false",
    }
    env = {k: v for k, v in os.environ.items() if "SPARK" not in k}  # those of another Spark on this machine
    env |= {"HOME": home, "SPARK_LOCAL_IP": "127.0.0.1"}
    command = [sys.executable, "-c", START, *(f"{key}={value}" for key, value in settings.items())]
    group: dict[str, Any] = {"start_new_session": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=env, cwd=home, text=True, **group) as started:  # noqa: S603 - ours
        try:
            said = started.communicate(timeout=TIMEOUT_SECONDS)[1]
        except subprocess.TimeoutExpired:
            said = f"no answer within {TIMEOUT_SECONDS} seconds"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)  # the JVM ignores Ctrl-C and would wait on
    if started.returncode:
        telling = re.findall(r"(?:unresolved dependency|download failed)[^\]]*", said) or said.strip().splitlines()
        remedy = "Let this machine reach repo1.maven.org, or name a mirror of it in DEFAULT_ARTIFACT_REPOSITORY."
        found = telling[-1] if telling else "nothing"
        raise InputError("Delta's jars", expected=f"{coordinates} from Maven", found=found, remedy=remedy)


def main(argv: Sequence[str]) -> int:
    """With --java-only nothing but Java is looked at, which needs no installed package."""
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s")
    try:
        (require_java if list(argv) == ["--java-only"] else bring_jars)()
    except KloutsparkError as error:
        logging.error("%s", error)
        return error.exit_code
    return Exit.DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
