"""Where a server lives: a folder and programs that its account can reach, without opening anybody's folders to it."""

import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot.embedded.process import Account, CannotStart, Log

SHARED_PLACES = (Path("/var/lib"), Path("/var/tmp"), Path("/tmp"))  # noqa: S108  (each checked before use)
KEPT, THROWAWAY = "kept-", "throwaway-"
LEFT_OUT = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a", "*.py", "__pycache__")


@dataclass(frozen=True)
class Room:
    """`folder` holds lock, password and store; `account` is None when the server runs as the person who starts it."""

    folder: Path
    store: Path
    account: Account | None


def account_for(store: Path | None, *, instead: str) -> Account | None:
    """Root's servers run as whoever owns the stored data, or else as nobody; everybody else's run as themselves."""
    if os.geteuid() != 0:
        return None
    if store is not None and store.exists() and store.stat().st_uid != 0:
        account = Account(store.stat().st_uid, store.stat().st_gid)
    else:
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            why = "Root's servers run as the account nobody, and there is none."
            raise CannotStart(why, instead=instead) from None
        account = Account(nobody.pw_uid, nobody.pw_gid)
    try:
        account.may("-x", Path("/"))
    except OSError as error:
        why = f"Root's servers run as another account, and this root cannot become uid {account.uid}: {error}."
        raise CannotStart(why, instead=instead) from error
    return account


def enter(data: Path, *, store: str, throwaway: bool, instead: str) -> Room:
    """The room of a data folder, made if it is missing: that folder, or one elsewhere when it is closed to the account.

    The symbolic link `elsewhere` in the data folder leads there; if throwaway, it is removed after its data folder.
    """
    data = data.absolute()
    is_new = not data.exists()
    try:
        data.mkdir(parents=True, exist_ok=True)
        link = data / "elsewhere"
        # A link that somebody else made could send root anywhere.
        is_elsewhere = link.is_symlink() and link.lstat().st_uid == os.geteuid()
        account = account_for(link / store if is_elsewhere else data / store, instead=instead)
        if is_new:
            data.chmod(0o700 if account is None else 0o711)
        if is_elsewhere and link.exists():
            folder = link.resolve()
        elif account is None or account.may("-x", data):
            folder = data
        else:
            _refuse_to_begin_anew(data / store, link, account, instead=instead)
            folder = _elsewhere(link, account, throwaway=throwaway, instead=instead)
    except PermissionError as error:
        raise CannotStart(
            f"{data} belongs to somebody else: {error}. Remove it, or run as its owner.", instead=instead
        ) from error
    return Room(folder, folder / store, account)


def _refuse_to_begin_anew(store: Path, link: Path, account: Account, *, instead: str) -> None:
    """Stored data that is out of reach or lost is said to be, never passed over for an empty store."""
    if store.exists():
        why = f"uid {account.uid}, which runs the server, cannot reach {store} any more."
        raise CannotStart(f"{why} Open the folders above it (chmod o+x), or remove it.", instead=instead)
    if link.is_symlink() and link.readlink().name.startswith(KEPT):
        why = f"The data that {link} leads to is gone."
        raise CannotStart(f"{why} Bring it back, or remove the link to begin anew.", instead=instead)


def open_log(path: Path, *, account: Account | None, instead: str) -> Log:
    """The server's log file; what a person reads stays in the data folder, wherever the room is."""
    try:
        log = Log(path)
    except OSError as error:
        raise CannotStart(f"{path} cannot be written to: {error}.", instead=instead) from error
    if account is not None:
        account.own(log.file.fileno())
    return log


def _elsewhere(link: Path, account: Account, *, throwaway: bool, instead: str) -> Path:
    shared = _shared_folder(account, instead=instead)
    folder = shared / f"{THROWAWAY if throwaway else KEPT}{secrets.token_hex(4)}"
    link.unlink(missing_ok=True)
    link.symlink_to(folder)  # before the folder exists, so that `_sweep` never takes it for an abandoned one
    folder.mkdir(mode=0o711)
    folder.chmod(0o711)
    (folder / "belongs_to").symlink_to(link)
    _sweep(shared)
    return folder


def _sweep(shared: Path) -> None:
    """Remove the throwaway rooms whose data folder was removed."""
    for folder in shared.glob(f"{THROWAWAY}*"):
        if (folder / "belongs_to").resolve() != folder.resolve() and not _in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _in_use(folder: Path) -> bool:
    try:
        with (folder / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _shared_folder(account: Account, *, instead: str) -> Path:
    """A folder of root's own that the account can reach and nobody else can write to."""
    for place in SHARED_PLACES:
        folder = place / "caseyos"
        try:
            folder.mkdir(mode=0o755)
            folder.chmod(0o755)
        except FileExistsError:
            pass
        except OSError:
            continue
        found = folder.lstat()
        is_roots = stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022
        if is_roots and os.access(folder, os.W_OK) and account.may("-x", folder):
            return folder
    raise CannotStart(
        f"None of {', '.join(map(str, SHARED_PLACES))} can hold a folder for the account that root's servers run as.",
        instead=instead,
    )


def program(package: str, distribution: str, candidates: str, *, account: Account | None, instead: str) -> Path:
    """The path of a wheel's program, runnable by the account; copied once to a shared folder when it is closed to it.

    The package is found, not imported: what is wanted of it are its files. `candidates` is a glob inside the package.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(f"There is no {distribution} wheel for this machine.", instead=instead)
    home = Path(next(iter(spec.submodule_search_locations)))
    path = next(iter(sorted(home.glob(candidates))), None)
    if path is None:
        raise CannotStart(f"The {distribution} wheel has no {candidates} for this machine.", instead=instead)
    if account is None or account.may("-x", path):
        return path
    if not os.access(path, os.X_OK):
        raise CannotStart(f"{path} is not executable.", instead=instead)
    copy = _shared_folder(account, instead=instead) / f"{distribution}-{importlib.metadata.version(distribution)}"
    copied = copy / home.name / path.relative_to(home)
    if not copied.exists():
        _copy(home, copy)
    if not account.may("-x", copied):
        raise CannotStart(f"{copied} cannot be executed by uid {account.uid}.", instead=instead)
    return copied


def _copy(home: Path, copy: Path) -> None:
    """Copy a package's files and the libraries beside it, all at once as others see it."""
    shutil.rmtree(copy, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
    try:
        shutil.copytree(home, partial / home.name, ignore=LEFT_OUT, symlinks=True)
        libraries = home.with_name(f"{home.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        try:
            partial.rename(copy)
        except OSError:
            if not copy.exists():  # otherwise another process was faster with the same files
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
