"""A small program that becomes another one, which may then take only so much of the machine.

    python -I -S limits.py CPU_SECONDS DATA_BYTES FILE_BYTES COMMAND [ARGUMENT...]

It imports nothing of the product. DATA_BYTES are what the program allocates: Node reserves far more addresses than it
uses, so a limit of the address space would say nothing. The number of processes is not limited here, because the system
counts those of a user all together.
"""

import os
import resource
import sys


def main(seconds: int, data: int, largest_file: int, command: list[str]) -> None:
    wanted = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_DATA: data,
        resource.RLIMIT_FSIZE: largest_file,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in wanted.items():
        hard = resource.getrlimit(kind)[1]
        lower = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (lower, lower))
    os.execvp(command[0], command)  # noqa: S606 - the purpose


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
