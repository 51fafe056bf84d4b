"""What docs/rules.md shows is what the program does."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ioc.model.alerts import Severity
from ioc.model.kinds import Kind
from rules import measures, reader, timelines
from rules.expressions import FIXED, FUNCTIONS
from rules.kinds.window import Value
from rules.watches.contract import RuleKind

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def blocks(language: str, start: str = "") -> list[str]:
    return [text for name, text in BLOCKS if name == language and text.startswith(start)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the page speaks of."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "my-rules").mkdir()
    (folder / "my-rules" / "rules.yaml").write_text("\n".join(blocks("yaml", "- rule:")), "utf-8")
    (folder / "my-rules" / "rules.test.yaml").write_text("\n".join(blocks("yaml", "- test:")), "utf-8")
    (folder / "broken").mkdir()
    (dust,) = blocks("yaml", "- rule: dust")
    (folder / "broken" / "dust.yaml").write_text(
        dust.replace("  per: asset\n", "").replace("raise: pm25", "raise: pm52")
    )
    (folder / "yesterday.ndjson").write_text("".join(blocks("json")))
    return folder


COMMANDS = [
    (command, said)
    for block in blocks("console")
    for command, said in re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", block, re.MULTILINE)
]


@pytest.mark.parametrize(("command", "said"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_every_command_prints_what_the_page_shows(folder: Path, command: str, said: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "ioc"
    done = subprocess.run(
        [sys.executable, "-m", "ioc.cli", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    pattern = re.escape(said.strip()).replace("…", ".+")
    assert re.fullmatch(pattern, (done.stdout + done.stderr).strip(), re.DOTALL), done.stdout + done.stderr


def test_every_block_of_yaml_is_run() -> None:
    assert len(blocks("yaml")) == len(blocks("yaml", "- rule:")) + len(blocks("yaml", "- test:"))
    assert len(COMMANDS) >= 4


def test_every_kind_of_rule_has_a_section_and_an_example() -> None:
    for kind in RuleKind:
        assert f"\n## `{kind}`: " in PAGE
        assert any(f"  {kind}:" in block for block in blocks("yaml", "- rule:"))


@pytest.mark.parametrize(
    "words",
    [
        FUNCTIONS,
        FIXED,
        reader.OPTIONS,
        reader.TITLE_NUMBERS,
        list(Severity),
        list(Kind),
        list(Value),
        timelines._EVENT_KEYS,
        [*measures._DURATIONS, *measures._DISTANCES],
    ],
    ids=["functions", "columns", "keys", "titles", "severities", "kinds", "values", "timelines", "units"],
)
def test_every_word_of_the_language_stands_on_the_page(words: list[str]) -> None:
    written = " ".join(re.findall(r"`([^`\n]+)`", PAGE))
    known = set(re.findall(r"[a-z_0-9]+(?:\.[a-z]+)?", written))
    assert [word for word in words if str(word) not in known] == []
