"""Starts ipclint with the libraries beside this file, out of sight of everything else that the interpreter has.

    python -I -S launch.py server

`-I` and `-S` keep the user's environment, the current folder and all installed packages off the path. `lib` holds what
every Python can load, `cp311`, `cp312`, … what is compiled for one version.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILED = os.path.join(HERE, "cp{}{}".format(*sys.version_info[:2]))

# The package may be signed, or lie where the user cannot write: what Python compiles goes to the editor's storage.
sys.pycache_prefix = os.environ.get("IPCLINT_BYTECODE") or sys.pycache_prefix


def main():
    if not os.path.isdir(COMPILED):
        holds = sorted(name[2] + "." + name[3:] for name in os.listdir(HERE) if name.startswith("cp3"))
        print(
            "ipclint: this package is for Python {}, and {} is {}.{}".format(
                ", ".join(holds), sys.executable, *sys.version_info[:2]
            ),
            file=sys.stderr,
        )
        return 2
    sys.path[:0] = [os.path.join(HERE, "lib"), COMPILED]
    from ipclint.__main__ import main as ipclint

    return ipclint()


if __name__ == "__main__":
    sys.exit(main())
