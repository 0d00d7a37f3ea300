# SPDX-License-Identifier: Apache-2.0
"""A release is reproducible: two builds in two clones are byte-identical. Its parts refer to each
other correctly, and the tools that users run on it work: sha256sum, openssl, helm,
operator-framework's validator."""

import json
import os
import re
import subprocess
import tarfile

import pytest
import yaml
from harness.chart import Helm
from harness.image import ROOT
from harness.release import IndexArchive, commit, copy_tree, digest_of, run_release
from harness.tools import tool_folder
from images.machine import Refused
from images.version import project_version
from release import bundle

VERSION = project_version()
REGISTRY = "registry.example:5000/team"
PROGRAMS = ("dualtrace-operator", "dualtrace-agent")
ARCHITECTURE = "amd64"


def make_release(folder, build, *arguments):
    """Builds in its own clone; returns the folder."""
    tree = copy_tree(folder / "tree")
    changelog = tree / "docs" / "CHANGELOG.md"
    heading = f"## {VERSION} (2026-03-01)\n- What this release brings.\n\n## Older\n"
    changelog.write_text(changelog.read_text().replace("## Unreleased\n", heading))
    commit(tree)
    tools = [f"--helm={tool_folder('helm') / 'helm'}"]
    if "DUALTRACE_TEST_OLM" in os.environ:
        tools.append(f"--operator-verify={tool_folder('olm') / 'operator-verify'}")
    out = folder / "out"
    options = [f"--repository={REGISTRY}", f"--binaries={build}", f"--out={out}"]
    done = run_release(tree, VERSION, *options, *tools, *arguments)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def build(request):
    return request.config.getoption("--binaries")


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """The public key is next to it."""
    file = tmp_path_factory.mktemp("key") / "release.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", file], check=True)
    public = ["openssl", "pkey", "-in", file, "-pubout", "-out", file.with_suffix(".pub")]
    subprocess.run(public, check=True)
    return file


@pytest.fixture(scope="module")
def release(build, key, tmp_path_factory):
    return make_release(tmp_path_factory.mktemp("first"), build, f"--sign={key}")


@pytest.fixture(scope="module")
def digests(release) -> dict[str, str]:
    """Of the programs' images."""
    return {
        program: IndexArchive(release / f"{program}-{VERSION}.oci.tar").descriptor["digest"]
        for program in PROGRAMS
    }


def sums_of(release) -> dict[str, str]:
    lines = [line.split("  ") for line in (release / "SHA256SUMS").read_text().splitlines()]
    return {name: digest for digest, name in lines}


def test_a_second_clone_gives_the_same_bytes(release, build, key, tmp_path):
    again = make_release(tmp_path, build, f"--sign={key}")
    assert sums_of(again) == sums_of(release)
    for name in ("SHA256SUMS", "SHA256SUMS.sig"):
        assert (again / name).read_bytes() == (release / name).read_bytes()


def test_the_sums_are_of_every_file(release):
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=release)
    assert done.returncode == 0
    files = {str(one.relative_to(release)) for one in release.rglob("*") if one.is_file()}
    assert files - set(sums_of(release)) == {"SHA256SUMS", "SHA256SUMS.sig"}
    expected = {"install.yaml", "crd.yaml", "RELEASE_NOTES.md", "provenance.intoto.json"}
    expected |= {f"dualtrace-{VERSION}.tgz", f"dualtrace-bundle-{VERSION}.oci.tar"}
    for program in PROGRAMS:
        base = f"{program}-{VERSION}"
        expected |= {f"{base}.oci.tar"}
        expected |= {f"{base}-linux-{ARCHITECTURE}.{end}" for end in ("spdx.json", "debug")}
    assert expected <= files


def test_the_signature_is_of_the_sums(release, key, tmp_path):
    def verify(file) -> int:
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key.with_suffix(".pub")]
        command += ["-rawin", "-in", file, "-sigfile", release / "SHA256SUMS.sig"]
        return subprocess.run(command).returncode

    assert verify(release / "SHA256SUMS") == 0
    other = tmp_path / "SHA256SUMS"
    other.write_text((release / "SHA256SUMS").read_text().replace("install", "uninstall"))
    assert verify(other) != 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_image_is_an_index_that_names_each_architecture(release, program):
    archive = IndexArchive(release / f"{program}-{VERSION}.oci.tar")
    name = f"{REGISTRY}/{program}:{VERSION}"
    assert archive.descriptor["annotations"]["io.containerd.image.name"] == name
    assert archive.descriptor["mediaType"] == "application/vnd.oci.image.index.v1+json"
    configuration, files = archive.image(ARCHITECTURE)
    assert configuration["architecture"] == ARCHITECTURE
    assert configuration["config"]["Entrypoint"] == [f"/{program}"]
    inventory = release / f"{program}-{VERSION}-linux-{ARCHITECTURE}.spdx.json"
    assert files[f"/usr/share/sbom/{program}.spdx.json"] == inventory.read_bytes()


def test_the_chart_names_the_images_by_digest(release, digests, tmp_path):
    chart = release / f"dualtrace-{VERSION}.tgz"
    for version in ("helm3", "helm4"):
        helm = Helm(version, tmp_path)
        helm.run("lint", "--strict", chart)
        rendered = helm.template(chart=chart)
        images = set(re.findall(r"registry\.example:5000/\S+", rendered))
        assert images == {f"{REGISTRY}/{one}@{digests[one]}" for one in PROGRAMS}
        said = yaml.safe_load(helm.run("show", "chart", chart))
        assert (said["version"], said["appVersion"]) == (VERSION, VERSION)
        assert "dualtrace-operator@sha256:" in said["annotations"]["artifacthub.io/images"]
        assert digests["dualtrace-agent"] in helm.run("show", "readme", chart)
        values = {"global": {"imageRegistry": "mirror.example"}}
        mirrored = helm.template(values, chart=chart)
        assert f"mirror.example/team/dualtrace-operator@{digests['dualtrace-operator']}" in mirrored


def test_the_chart_s_package_has_nothing_of_this_machine(release):
    with tarfile.open(release / f"dualtrace-{VERSION}.tgz") as tar:
        members = tar.getmembers()
        assert [one.name for one in members] == sorted(one.name for one in members)
        for one in members:
            assert (one.uid, one.gid, one.uname, one.gname, one.mode) == (0, 0, "", "", 0o644)
            assert one.mtime == 1772326923, "the commit's date"
    in_tree = {
        f"dualtrace/{one.relative_to(ROOT / 'helm/dualtrace')}"
        for one in (ROOT / "helm/dualtrace").rglob("*")
        if one.is_file()
    }
    assert {one.name for one in members} == in_tree


def test_install_yaml_is_what_the_chart_renders(release, digests, tmp_path):
    objects = [one for one in yaml.safe_load_all((release / "install.yaml").read_text()) if one]
    assert objects[0]["kind"] == "Namespace"
    rendered = Helm("helm4", tmp_path).render(chart=release / f"dualtrace-{VERSION}.tgz").objects
    for one in rendered:
        for label in ("helm.sh/chart", "app.kubernetes.io/managed-by"):
            one["metadata"]["labels"].pop(label)
    for one in rendered:  # including pods, if there are any
        assert one in objects, one["metadata"]["name"]
    assert len(objects) == len(rendered) + 1
    assert {one["metadata"].get("namespace", "dualtrace-system") for one in objects} == {
        "dualtrace-system"
    }


def test_an_api_server_accepts_install_yaml_as_the_page_says(release, control_plane):
    """Installs it, and then upgrades it to the same version."""
    control_plane.require_own()
    file = release / "install.yaml"
    (command,) = re.findall(r"^#   kubectl (.* )install\.yaml$", file.read_text(), re.MULTILINE)
    for _ in range(2):
        control_plane.kubectl(*command.split(), str(file))
    named = control_plane.kubectl(
        "get", "deployment", "--namespace=dualtrace-system", "--output=name"
    )
    assert named.strip() == "deployment.apps/dualtrace-operator"


def test_the_crd_is_that_of_the_tree(release):
    crd = (ROOT / "crds/dualtraceexport.yaml").read_bytes()
    assert (release / "crd.yaml").read_bytes() == crd
    bundle = release / "bundle/manifests/dualtraceexports.dualtrace.dev.crd.yaml"
    assert bundle.read_bytes() == crd


def test_the_notes_are_the_changelog_s_part(release):
    notes = f"# dualtrace {VERSION}\n\n- What this release brings.\n"
    assert (release / "RELEASE_NOTES.md").read_text() == notes


# --- the bundle ---


def service_version(release) -> dict:
    (file,) = (release / "bundle/manifests").glob("*.clusterserviceversion.yaml")
    return yaml.safe_load(file.read_text())


def test_the_bundle_passes_the_validator_of_its_framework(release, tmp_path):
    verify = tool_folder("olm") / "operator-verify"
    command = [verify, "manifests", "--object_validate", release / "bundle"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "Error: " not in done.stderr, done.stderr
    # It reports most faults but exits with 0.
    bad = tmp_path / "bundle"
    subprocess.run(["cp", "-r", release / "bundle", bad], check=True)
    (file,) = (bad / "manifests").glob("*.clusterserviceversion.yaml")
    broken = service_version(release)
    broken["spec"]["customresourcedefinitions"]["owned"][0]["kind"] = "Other"
    file.write_text(yaml.safe_dump(broken))
    with pytest.raises(Refused, match="is present in bundle .* but not defined in CSV"):
        bundle.validate(bad, verify)


def test_the_bundle_gives_the_operator_what_the_chart_gives_it(release, digests, tmp_path):
    spec = service_version(release)["spec"]
    rendered = Helm("helm4", tmp_path).render(chart=release / f"dualtrace-{VERSION}.tgz")
    install = spec["install"]["spec"]
    granted = [rule for one in install["clusterPermissions"] for rule in one["rules"]]
    by_the_chart = [rule for one in rendered.all("ClusterRole") for rule in one["rules"]]
    own_certificates = [
        one for one in by_the_chart if one["apiGroups"] == ["admissionregistration.k8s.io"]
    ]
    assert granted == [one for one in by_the_chart if one not in own_certificates]
    (deployment,) = install["deployments"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"{REGISTRY}/dualtrace-operator@{digests['dualtrace-operator']}"
    assert {one["image"] for one in spec["relatedImages"]} == {
        f"{REGISTRY}/{one}@{digests[one]}" for one in PROGRAMS
    }
    hooks = {one["webhookPath"]: one for one in spec["webhookdefinitions"]}
    assert set(hooks) == {"/mutate-pods", "/validate-exports"}
    assert {one["failurePolicy"] for one in hooks.values()} == {"Ignore"}


def test_the_bundle_s_image_has_the_bundle(release):
    with tarfile.open(release / f"dualtrace-bundle-{VERSION}.oci.tar") as tar:
        contents = {one.name: tar.extractfile(one).read() for one in tar.getmembers()}
    (descriptor,) = json.loads(contents["index.json"])["manifests"]

    def blob(one) -> bytes:
        return contents[f"blobs/{one['digest'].replace(':', '/')}"]

    manifest = json.loads(blob(descriptor))
    labels = json.loads(blob(manifest["config"]))["config"]["Labels"]
    told = yaml.safe_load((release / "bundle/metadata/annotations.yaml").read_text())
    assert told["annotations"].items() <= labels.items()


# --- the provenance ---


def test_the_provenance_names_every_other_file_and_the_images(release, digests):
    statement = json.loads((release / "provenance.intoto.json").read_text())
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    subjects = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
    for program in PROGRAMS:
        assert f"sha256:{subjects.pop(f'{REGISTRY}/{program}')}" == digests[program]
    subjects.pop(f"{REGISTRY}/dualtrace-bundle")
    sums = sums_of(release)
    sums.pop("provenance.intoto.json")
    assert subjects == sums
    definition = statement["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["version"] == VERSION
    assert len(definition["resolvedDependencies"][0]["digest"]["gitCommit"]) == 40
    assert digest_of((release / "install.yaml").read_bytes()) == subjects["install.yaml"]
