"""The installed command as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kloutspark.cli import app


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["--help"], 0, "interactions on social networks"),
        (["score", "--as-of", "tomorrow"], 64, "found tomorrow"),
        (["scor"], 64, "No such command"),
        (["explain", "twitter:88", "--page", "/nowhere/88.html"], 64, "expected a file in a folder that exists"),
        (["explain", "twitter:88", "--page", "x" * 300], 64, "expected a file in a folder that exists"),
        (["score", "--as-of", "2026-03-01", "--accept", "movers_share"], 64, "expected both or none"),
        (["attack", "click_frm"], 64, "mean click_farm?"),
        (["attack", "--scores", "15,200"], 64, "expected numbers from 1 to 100"),
        (["attack", "--network", "twiter"], 64, "mean twitter?"),
        (["score", "--as-of", "2026-03-01", "--accept", "people", "--reason", "so"], 64, "mean people_change?"),
    ],
)
def test_the_process_ends_with_the_code_of_the_command(argv: list[str], code: int, said: str) -> None:
    command = Path(sys.executable).parent / "kloutspark"
    done = subprocess.run([command, *argv], capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


NAMES = [c.callback.__name__.replace("_", "-") for c in app.registered_commands if c.callback]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_told_where_and_with_which_configuration(name: str) -> None:
    found = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert found.exit_code == 0
    assert {"--root", "--conf", "--env", "--set", "--json", "Example:"} <= set(found.output.replace("│", " ").split())


def test_the_shell_is_told_what_a_word_may_become() -> None:
    command = Path(sys.executable).parent / "kloutspark"
    asked = {"COMP_WORDS": "kloutspark sc", "COMP_CWORD": "1", "_KLOUTSPARK_COMPLETE": "complete_bash"}
    done = subprocess.run([command], env={**os.environ, **asked}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["score"], "")
