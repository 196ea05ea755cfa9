"""`caseyos mail classify`: a line for each path, in order, whatever the files hold; and the judge's word on it where it is at hand."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASEYOS = Path(sys.executable).parent / "caseyos"
SHARED = ROOT.parent / "shared"
MAIL = b"From: jo@fernway.example\nTo: nora@pier7.example\nSubject: Re: Offer\n\nPlease send me the offer.\n\n-- \nJo\n"


def classify(*arguments: str) -> list[dict[str, object]]:
    # Without an environment: no database, no Redis and no Slack are named.
    ran = subprocess.run(
        [str(CASEYOS), "mail", "classify", *arguments], capture_output=True, check=False, env={"PATH": ""}
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    return [json.loads(line) for line in ran.stdout.decode("utf-8").splitlines()]


def test_each_path_gets_its_line_in_the_given_order(tmp_path: Path) -> None:
    good, damaged, gone = tmp_path / "good.eml", tmp_path / "dämaged file.eml", tmp_path / "gone.eml"
    good.write_bytes(MAIL)
    damaged.write_bytes(b"\xff\xfe\x00" * 50)

    answers = classify(str(good), str(gone), str(damaged), str(tmp_path), str(good))

    assert [answer["path"] for answer in answers] == [str(good), str(gone), str(damaged), str(tmp_path), str(good)]
    assert answers[0] == {
        "path": str(good),
        "class": "human",
        "bounce": None,
        "reply_text": "Please send me the offer.",
        "intent": "interested",
        "return_date": None,
        "error": None,
    }
    assert [bool(answer["error"]) for answer in answers] == [False, True, False, True, False]


def test_paths_may_stand_in_a_list(tmp_path: Path) -> None:
    mail = tmp_path / "with space é.eml"
    mail.write_bytes(MAIL)
    listing = tmp_path / "list.txt"
    listing.write_text(f"{mail}\n{mail}\n", encoding="utf-8")

    answers = classify("--why", "--from-list", str(listing))

    assert [answer["path"] for answer in answers] == [str(mail)] * 2
    assert answers[0]["evidence"]


def test_nothing_to_read_is_said() -> None:
    ran = subprocess.run([str(CASEYOS), "mail", "classify"], capture_output=True, check=False, text=True)
    assert ran.returncode == 2
    assert "Name mails" in ran.stderr


@pytest.mark.parametrize("data", ["mail", "mail-own"])
def test_the_judge_passes_it(data: str) -> None:
    judge = SHARED / "judge" / "mail_judge.py"
    if not judge.exists():
        pytest.skip("the judge and its mails lie beside the repository, and are not here")
    ran = subprocess.run(
        [
            sys.executable,
            str(judge),
            "--data",
            str(SHARED / data),
            "--command",
            f"{CASEYOS} mail classify",
            "--mutations",
            "1",
        ],
        capture_output=True,
        check=False,
        text=True,
    )
    short = [line for line in ran.stdout.splitlines() if line.startswith("FALL SHORT")]
    # The share of right intents may stay below its gate; refusals have gates of their own.
    assert [line for line in short if "intent right" not in line] == [], ran.stdout
    assert ran.returncode in {0, 1}, ran.stderr
