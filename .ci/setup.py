"""Make .venv what the locks say, only when it is not: `python3 .ci/setup.py demo` or `dev`, on a bare Python."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "caseyos-setup.json"
LOCKS = {"demo": "requirements.lock", "dev": "requirements-dev.lock"}  # each of them holds all of the one before
OLDEST = (3, 11)
NEWS_EVERY_S = 10.0
SHOWN_LINES = 15  # of the beginning and of the end of what pip complains about


def main(level: str) -> None:
    with Path(__file__).open() as own_file:
        fcntl.flock(own_file, fcntl.LOCK_EX)  # a second make in the same checkout waits for the first
        if is_fresh(level):
            return
        began = time.monotonic()
        if VENV.exists() and not works():
            say(f"{VENV.name} does not run here (moved, or its Python is gone): making it again")
            shutil.rmtree(VENV)
        if not VENV.exists():
            check_venv()
            make_venv()
        STAMP.unlink(missing_ok=True)
        install(LOCKS[level])
        install_project()
        STAMP.write_text(json.dumps({"level": level, "digests": digests(), "where": str(VENV)}) + "\n")
        say(f"ready after {time.monotonic() - began:.0f} s")


def check_venv() -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        stop(f"{sys.executable} lacks venv. On Debian and Ubuntu: apt-get install {package}. Then run make again.")


def is_fresh(level: str) -> bool:
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    enough = list(LOCKS).index(stamp["level"]) >= list(LOCKS).index(level)
    return enough and stamp["digests"] == digests() and stamp["where"] == str(VENV) and PYTHON.exists()


def digests() -> dict[str, str]:
    names = ["pyproject.toml", *LOCKS.values()]
    return {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in names}


def works() -> bool:
    """Whether the virtualenv's Python runs, is new enough, has pip, and its scripts point here."""
    asks = f"import sys, pip; sys.exit(sys.version_info < {OLDEST} or sys.prefix != {str(VENV)!r})"
    try:
        asked = subprocess.run([PYTHON, "-c", asks], check=False, capture_output=True)
        first_line = (VENV / "bin" / "pip").read_bytes().splitlines()[0].decode()
    except (OSError, IndexError, UnicodeDecodeError):
        return False
    return asked.returncode == 0 and (first_line.startswith((f"#!{VENV}/", "#!/bin/sh")))


def make_venv() -> None:
    say(f"making {VENV.name} with Python {sys.version.split()[0]}")
    made = subprocess.run([sys.executable, "-m", "venv", VENV], check=False, capture_output=True, text=True)
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        stop(f"{made.stdout}{made.stderr}\npython3 -m venv failed; its last words are above.")


def install(lock: str) -> None:
    wanted = sum(line[:1].isalnum() for line in (ROOT / lock).read_text().splitlines())
    say(f"installing {lock}, up to {wanted} packages (about half a minute, once)")
    began = time.monotonic()
    uv = shutil.which("uv")
    if uv and not pip_settings():
        command = [uv, "pip", "install", "--python", str(PYTHON), "--require-hashes", "--quiet", "-r", str(ROOT / lock)]
        if subprocess.run(command, check=False, cwd=ROOT).returncode == 0:
            say(f"installed with uv in {time.monotonic() - began:.0f} s")
            return
        say("uv could not; going on with pip")
    pip(["install", "--require-hashes", "-r", str(ROOT / lock)], wanted)
    say(f"installed in {time.monotonic() - began:.0f} s")


def pip_settings() -> bool:
    """Whether somebody told pip anything, which uv would not hear."""
    listed = subprocess.run([PYTHON, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True)
    return listed.returncode != 0 or bool(listed.stdout.strip())


def install_project() -> None:
    say("installing CaseyOS itself")
    pip(["install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], 1)


def pip(arguments: list[str], wanted: int) -> None:
    """Run the virtualenv's pip, say how far it is, and show its last words only when it fails."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments, "--progress-bar", "off"]
    lines: list[str] = []
    seen = 0
    told = time.monotonic()
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            seen += line.startswith(("Collecting ", "Requirement already satisfied"))
            news = f"{seen}/{wanted}" if not line.startswith("Installing ") else "all there, writing them"
            if sys.stdout.isatty():
                print(f"\r  {news:<40}", end="", flush=True)
            elif time.monotonic() - told > NEWS_EVERY_S:
                told = time.monotonic()
                say(news)
    if sys.stdout.isatty():
        print(f"\r{'':<42}\r", end="", flush=True)
    if process.returncode != 0:
        first = next((at for at, line in enumerate(lines) if line.lower().startswith("error")), len(lines))
        shown = lines[first : first + SHOWN_LINES] + lines[max(first + SHOWN_LINES, len(lines) - SHOWN_LINES) :]
        stop("\n".join([*shown, "pip failed, as said above. Run make again when mended: it goes on from here."]))


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


def stop(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        stop(f"usage: {os.path.basename(sys.argv[0])} {'|'.join(LOCKS)}")
    main(sys.argv[1])
