"""One stage at a time works in a folder: two at once would take files from under each other.

The lock is the kernel's (flock) on a file in build/, so that the death of whoever holds it releases it, and a copy that DVC's
queue works in has its own.
"""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator

from pipeline.core.errors import PipelineError
from pipeline.core.paths import WORKSPACE_LOCK

# What launchers of a training on several processes tell each of them; the one with 0 works for all.
RANKS = ("RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK")
# Of file systems that have no locks.
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


def is_first_process() -> bool:
    """Whether this is the only process of a stage, or the first of those that `torchrun` or `accelerate launch` started."""
    return next((os.environ[name] for name in RANKS if name in os.environ), "0") == "0"


@contextlib.contextmanager
def holding_workspace(stage: str) -> Iterator[None]:
    """Hold the folder for `stage` until the block ends; another process of the same training is let in.

    Raises:
        PipelineError: A stage works here already.
    """
    if not is_first_process():
        yield
        return
    descriptor = _take()
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{stage} (process {os.getpid()}, since {time.strftime('%H:%M:%S')})".encode(), 0)
        yield
    finally:
        # While it is held: who waits for the old file sees that it is gone, and makes a new one.
        WORKSPACE_LOCK.unlink(missing_ok=True)
        os.close(descriptor)


def find_holder() -> str:
    """Which stage works in the folder, such as "train (process 7, since 09:30:00)"; "" where none does."""
    try:
        descriptor = os.open(WORKSPACE_LOCK, os.O_RDONLY)
    except OSError:
        return ""
    try:
        # Shared, and for a moment: of two that only look, neither sees the other.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_holder(descriptor)
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return ""


def _read_holder(descriptor: int) -> str:
    return os.pread(descriptor, 200, 0).decode(errors="replace") or "another stage"


def _take() -> int:
    """The locked file's descriptor."""
    WORKSPACE_LOCK.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(WORKSPACE_LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read_holder(descriptor)
            os.close(descriptor)
            raise PipelineError(
                f"{WORKSPACE_LOCK.parent}/ is in use by {holder}: expected one stage at a time in a folder; wait until it has ended, "
                "or end it, and run this again"
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(descriptor)
                raise
            return descriptor
        if _is_in_place(descriptor):
            return descriptor
        os.close(descriptor)


def _is_in_place(descriptor: int) -> bool:
    """Whether the file that was locked is still the one of that name, and not one that its holder has removed meanwhile."""
    try:
        return os.path.samestat(os.fstat(descriptor), WORKSPACE_LOCK.stat())
    except FileNotFoundError:
        return False
