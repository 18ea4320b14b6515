"""The project's commands, each with all of its own set-up.

    python3 dev.py demo         write a small dataset of every format and show them in napari
    python3 dev.py test         lint, types, import contract and every test
    python3 dev.py docs-images  take the pictures in docs/images anew, or those that are named
    python3 dev.py setup        only make ready: .venv, and on Debian system libraries

It needs Python 3.11 or newer and git, nothing else. Further arguments go to the demo, to pytest or
to docs/screenshots.py.
"""

import os
import sys

if __name__ == "__main__":
    # Any Python can read this file, so that a far too old one gets as far as this sentence.
    if sys.version_info[:2] < (3, 11):  # noqa: UP036
        have = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit("dev.py: this needs Python 3.11 or newer, and this is Python " + have)
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from devtools.commands import main

    sys.exit(main(sys.argv[1:], __doc__ or ""))
