# SPDX-License-Identifier: Apache-2.0
"""`./dev image`: see docs/images.md."""

import argparse
import sys
from pathlib import Path

from images import page
from images.content import PROGRAMS, content_of
from images.machine import Refused, this_machine
from images.made import Naming, Source, make, unpack
from images.version import ROOT, read_revision


def parsed():
    parser = argparse.ArgumentParser(prog="./dev image")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=f"one of {', '.join(PROGRAMS)}")
    parser.add_argument("--tag", help="default: the version, plus the commit unless it is a release")
    parser.add_argument(
        "--repository",
        default="docker.io/library",
        help="registry and path in the image's name, such as ghcr.io/someone (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build/images", help="where the archives go (default: build/images)")
    parser.add_argument("--source", help="URL of the source, for the image's labels")
    parser.add_argument(
        "--build", type=Path, default=ROOT / "build/release", help=argparse.SUPPRESS
    )
    parser.add_argument(
        "--folders", action="store_true", help="write the layers as folders, for the Dockerfile"
    )
    parser.add_argument("--write-docs", action="store_true", help="write the sizes to docs/images.md")
    arguments = parser.parse_args()
    unknown = [one for one in arguments.programs if one not in PROGRAMS]
    if unknown:
        parser.error(f"no program {', '.join(unknown)}; there are {', '.join(PROGRAMS)}")
    if arguments.write_docs and arguments.programs:
        parser.error("--write-docs: the table has all programs; name none")
    return arguments


def main() -> int:
    arguments = parsed()
    try:
        revision = read_revision()
        tag = arguments.tag or revision.tag
        naming = Naming(tag, arguments.repository, arguments.source)
        source = Source(arguments.build, this_machine(), revision)
        images = []
        for program in arguments.programs or PROGRAMS:
            if arguments.folders:
                content = content_of(source.build, program, revision, tag, source.machine)
                for layer in content.layers:
                    unpack(layer, arguments.out / program / layer.name)
                continue
            images.append(make(source, arguments.out, program, naming))
            print(f"{images[-1].name} {images[-1].digest}\n  {images[-1].archive}")
        if images:
            print(page.render(images), end="")
        if arguments.write_docs:
            page.write(images)
    except (Refused, OSError) as error:
        print(f"image: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
