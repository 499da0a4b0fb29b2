"""What a release states in several files is the same in all of them."""

import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import yaml

import stargas

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def read(name):
    """Return a file of JSON or YAML."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def test_version_license_and_title_are_the_same_everywhere():
    citation, codemeta, zenodo = (read(name) for name in ("CITATION.cff", "codemeta.json", ".zenodo.json"))
    assert {one["version"] for one in (citation, codemeta, zenodo)} == {stargas.__version__}
    assert {PROJECT["license"], citation["license"], zenodo["license"]} == {codemeta["license"].rpartition("/")[2]}
    assert PROJECT["description"] == codemeta["description"]
    assert citation["title"] == zenodo["title"]
    heading = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert heading[1] == stargas.__version__


def test_versions_of_python_are_those_that_are_tested():
    named = {one.rpartition(" ")[2] for one in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", one)}
    lowest = PROJECT["requires-python"].removeprefix(">=")
    others = re.search(r"for version in (.*); do", (ROOT / ".ci" / "pythons").read_text(encoding="utf-8"))[1].split()
    assert named == {lowest, *others}


def test_torch_may_come_from_another_index():
    """As docs/install.md says; pip takes a requirement and an option as words of their own."""
    torch = "torch --index-url https://download.pytorch.org/whl/cpu"
    assert f'TORCH="{torch}"' in (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    words = ["make", "--always-make", "--dry-run", ".venv/run.stamp", f"TORCH={torch}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert any(shlex.split(line)[-3:] == torch.split() for line in done.stdout.splitlines())


def test_every_reference_of_the_paper_is_in_its_list_and_used():
    cited = set(re.findall(r"@(\w+)", (ROOT / "paper" / "paper.md").read_text(encoding="utf-8").split("---", 2)[2]))
    listed = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "paper" / "paper.bib").read_text(encoding="utf-8"), re.MULTILINE))
    assert cited == listed


def test_templates_of_issues_can_be_read():
    folder = ROOT / ".github" / "ISSUE_TEMPLATE"
    forms = [read(str(path.relative_to(ROOT))) for path in folder.glob("*.yml") if path.stem != "config"]
    assert len(forms) == 3
    for form in forms:
        ids = [part["id"] for part in form["body"]]
        assert len(ids) == len(set(ids))
        assert all(part["attributes"]["label"] for part in form["body"])
