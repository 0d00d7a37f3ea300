# SPDX-License-Identifier: Apache-2.0
"""`./dev cluster …`; see README.md."""

import argparse
import contextlib
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from cluster.able import what_is_missing
from cluster.binaries import NotThere, find
from cluster.cluster import Cluster, Refused, default_folder
from images.machine import Refused as NoImage
from images.plain import write_plain_archive


def up(cluster: Cluster, arguments) -> None:
    new = cluster.up(arguments.nodes)
    print(f'the cluster {"is" if new else "was"} up: eval "$(./dev cluster env)"', file=sys.stderr)


def down(cluster: Cluster, _) -> None:
    cluster.down()


def env(cluster: Cluster, _) -> None:
    if not cluster.is_up():
        raise Refused("there is none: ./dev cluster up")
    print(f"export KUBECONFIG={shlex.quote(str(cluster.kubeconfig))}")
    for program in ("kubectl", "helm"):
        with contextlib.suppress(NotThere):  # Helm is built for the tests only
            if shutil.which(program) is None:
                print(f"export PATH={shlex.quote(str(find(program).parent))}:$PATH")


def image(cluster: Cluster, arguments) -> None:
    if not cluster.is_up():
        raise Refused("there is none: ./dev cluster up --nodes 2")
    for archive in arguments.archive:
        if not archive.is_file():
            raise Refused(f"there is no archive {archive}: ./dev image makes them")
        cluster.nodes().load_image(archive)
    if arguments.name:
        with tempfile.TemporaryDirectory() as folder:
            tar = Path(folder) / "image.tar"
            write_plain_archive(tar, arguments.name, arguments.program)
            cluster.nodes().load_image(tar)


def check(_, __) -> None:
    missing = what_is_missing()
    if missing:
        raise Refused("; ".join(missing))


def parsed():
    parser = argparse.ArgumentParser(
        prog="./dev cluster", epilog="demo, release and test are described by ./dev help"
    )
    words = parser.add_subparsers(required=True, metavar="up | down | env | image | check")
    word = words.add_parser("up", help="start the cluster, unless it is up")
    word.add_argument(
        "--nodes", type=int, default=0, help="number of nodes (default: a control plane only)"
    )
    word.set_defaults(run=up)
    words.add_parser("down", help="stop the cluster and remove all of it").set_defaults(run=down)
    words.add_parser("env", help="print the shell variables for kubectl").set_defaults(run=env)
    words.add_parser("check", help="check whether this machine can run nodes").set_defaults(run=check)
    word = words.add_parser("image", help="import images on every node")
    word.add_argument(
        "--archive", type=Path, nargs="+", default=[], help="archives made by ./dev image"
    )
    word.add_argument("name", nargs="?", help="registry/name:tag, such as localhost/tool:1, …")
    word.add_argument("program", nargs="?", type=Path, help="… for this program and its libraries")
    word.set_defaults(run=image)
    arguments = parser.parse_args()
    if arguments.run is image and not (arguments.program if arguments.name else arguments.archive):
        word.error("give --archive FILE…, or NAME PROGRAM")
    return arguments


def main() -> int:
    arguments = parsed()
    try:
        arguments.run(Cluster(default_folder()), arguments)
    except (Refused, NotThere, NoImage, RuntimeError) as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
