"""What the C library does with memory that is freed."""

import ctypes
import sys

# M_MMAP_THRESHOLD of malloc.h, and bytes.
MMAP_THRESHOLD, LARGE_BLOCK = -3, 1 << 20


def return_large_blocks() -> bool:
    """Have glibc give a block of 1 MiB and more back to the system as soon as it is freed; whether it can be told so.

    By itself it raises that limit up to 32 MiB once such a block has been freed. Then what a closed session leaves is cut into
    pieces, the weights of the next do not fit into them, and a dozen sessions, one after the other, take as much as four at once.
    """
    if sys.platform != "linux":
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return bool(set_option and set_option(MMAP_THRESHOLD, LARGE_BLOCK))
