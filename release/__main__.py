# SPDX-License-Identifier: Apache-2.0
"""`./dev release`: see docs/releasing.md."""

import argparse
import shutil
import sys
from pathlib import Path

from images.machine import Refused
from images.made import Naming
from images.oci import write_archive
from images.version import ROOT

from release import bundle, provenance, sums
from release.chart import Helm, ImageName, Images, install_manifest, package
from release.programs import ARCHITECTURES, make_images
from release.tree import CRD, Tree, read_tree, release_notes


def _binaries(text: str) -> tuple[str, Path]:
    architecture, _, folder = text.rpartition("=")
    if (architecture or "amd64") not in ARCHITECTURES:
        raise argparse.ArgumentTypeError(f"{text}: expected [amd64=|arm64=]FOLDER")
    return architecture or "amd64", Path(folder).resolve()


def parsed():
    parser = argparse.ArgumentParser(prog="./dev release")
    parser.add_argument("version", metavar="VERSION", help="such as 0.2.0 or 0.2.0-rc.1")
    parser.add_argument("--out", type=Path, help="output folder (default: build/dist/VERSION)")
    parser.add_argument("--sign", type=Path, metavar="KEY", help="sign SHA256SUMS with this private key (PEM)")
    parser.add_argument(
        "--repository",
        default="docker.io/library",
        help="registry and path of the images, such as ghcr.io/someone (default: %(default)s)",
    )
    parser.add_argument("--source", help="https:// URL of the source")
    parser.add_argument(
        "--builder",
        default="https://dualtrace.dev/builders/by-hand",
        help="URI of whoever builds the release, for the provenance statement",
    )
    parser.add_argument(
        "--arch",
        action="append",
        choices=ARCHITECTURES,
        help="build only this architecture; repeatable (default: both)",
    )
    parser.add_argument(
        "--binaries",
        action="append",
        type=_binaries,
        metavar="[ARCH=]FOLDER",
        help="use the programs of an existing build instead of building; repeatable",
    )
    for hidden in ("--sysroot", "--helm", "--operator-verify"):  # where ./dev has them
        parser.add_argument(hidden, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def check(arguments) -> tuple[Tree, Naming]:
    """Checks everything that can be checked before the build."""
    tree = read_tree(arguments.version)
    release_notes(tree)
    if arguments.sign:
        sums.check_key(arguments.sign)
    return tree, Naming(tree.version, arguments.repository, arguments.source)


def make(arguments, tree: Tree, naming: Naming, out: Path) -> None:
    builds = dict(sorted(arguments.binaries or []))
    if not builds:
        raise Refused("--binaries: which programs? ./dev release builds them")
    helm = Helm(arguments.helm)
    digests = make_images(tree, builds, arguments.sysroot, naming, out)
    names = {one: ImageName(f"{naming.repository}/{one}", digests[one]) for one in digests}
    images = Images(names["dualtrace-operator"], names["dualtrace-agent"])

    chart = out / f"dualtrace-{tree.version}.tgz"
    chart.write_bytes(package(tree, images))
    helm.lint(chart)
    (out / "install.yaml").write_text(install_manifest(helm, chart, tree.version))
    (out / "crd.yaml").write_text(tree.read(CRD))
    (out / "RELEASE_NOTES.md").write_text(release_notes(tree))

    about = bundle.About(images, list(builds), arguments.source)
    files = bundle.make_bundle(tree, helm, chart, about)
    for name, data in files.items():
        file = out / "bundle" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    if arguments.operator_verify:
        bundle.validate(out / "bundle", arguments.operator_verify)
    image = bundle.bundle_image(tree, files, naming.repository)
    bundle_digest = write_archive(out / f"{bundle.PACKAGE}-bundle-{tree.version}.oci.tar", image)

    artifacts = {
        str(one.relative_to(out)): one.read_bytes() for one in out.rglob("*") if one.is_file()
    }
    named = {one.repository: one.digest for one in names.values()}
    named[image.name.rpartition(":")[0]] = bundle_digest
    parameters = {
        "version": tree.version,
        "architectures": list(builds),
        "repository": naming.repository,
    }
    (out / "provenance.intoto.json").write_bytes(
        provenance.render(
            tree, parameters, artifacts, named, arguments.source, arguments.builder
        )
    )
    written = sums.write_sums(out)
    if arguments.sign:
        sums.sign(written, arguments.sign)


def main() -> int:
    arguments = parsed()
    try:
        tree, naming = check(arguments)
        if arguments.check:  # and tells ./dev what to build
            print(*([] if arguments.binaries else sorted(set(arguments.arch or ARCHITECTURES))))
            return 0
        out = arguments.out or ROOT / "build" / "dist" / tree.version
        # Written elsewhere and moved as a whole: a folder with SHA256SUMS is a complete release.
        part = out.with_name(f"{out.name}.part")
        if out.exists() and not (out / sums.SUMS).exists():
            raise Refused(f"--out {out}: exists and is not a release; choose another folder or remove it")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        make(arguments, tree, naming, part)
        shutil.rmtree(out, ignore_errors=True)
        part.rename(out)
    except (Refused, OSError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print((out / sums.SUMS).read_text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
