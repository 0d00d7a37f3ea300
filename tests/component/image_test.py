# SPDX-License-Identifier: Apache-2.0
"""The images contain exactly what their programs need, are reproducible, and describe their content
correctly. These tests use the images of this build; ./dev cluster test covers those of the release
build."""

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from harness import otlp
from harness.agent import Agent, base_config, merged
from harness.container import Container, may_mount
from harness.http import fetch
from harness.image import ROOT, ImageArchive, make_images
from harness.name_server import ADDRESS, name_server
from harness.processes import wait_until

STUBS = ("libdl.so.2", "libpthread.so.0", "librt.so.1")  # from libc6; every image has them
PROGRAMS = {
    "dualtrace-operator": "operator/dualtrace-operator",
    "dualtrace-agent": "agent/dualtrace-agent",
    "dualtrace-sandbox": "tests/sandbox/dualtrace-sandbox",
}
TAG = "1.2.3"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
NOTICE = re.compile(r"/usr/share/doc/[^/]+/copyright|/usr/share/common-licenses/[^/]+")
NAMES = {"arize": "otlp.arize.test", "databricks": "dbc-1.databricks.test"}
as_root = pytest.mark.skipif(
    os.geteuid() != 0 or not may_mount(), reason="needs a root that may mount"
)


@pytest.fixture(scope="module")
def build(request):
    return request.config.getoption("--binaries")


@pytest.fixture(scope="module")
def made(build, tmp_path_factory):
    """The folder with all of them."""
    folder = tmp_path_factory.mktemp("images")
    make_images(build, folder, f"--tag={TAG}", "--repository=registry.example:5000/team")
    return folder


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request) -> str:
    return request.param


def archive_of(made, program: str) -> ImageArchive:
    (file,) = made.glob(f"{program}-{TAG}-*.oci.tar")
    return ImageArchive(file)


@pytest.fixture(scope="module")
def archive(made, program) -> ImageArchive:
    return archive_of(made, program)


@pytest.fixture(scope="module")
def inventory(archive, program) -> dict:
    return json.loads(archive.files()[f"/usr/share/sbom/{program}.spdx.json"])


# --- the layout ---


def test_it_is_an_oci_layout_and_nothing_but_it(archive):
    assert archive.json("oci-layout") == {"imageLayoutVersion": "1.0.0"}
    index = archive.json("index.json")
    assert index["schemaVersion"] == 2
    assert index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    kind = "application/vnd.oci.image"
    manifest = archive.manifest
    assert archive.descriptor["mediaType"] == manifest["mediaType"] == f"{kind}.manifest.v1+json"
    assert manifest["config"]["mediaType"] == f"{kind}.config.v1+json"
    assert {one["mediaType"] for one in manifest["layers"]} == {f"{kind}.layer.v1.tar+gzip"}
    described = [archive.descriptor, manifest["config"], *manifest["layers"]]
    blobs = {f"blobs/{one['digest'].replace(':', '/')}" for one in described}
    assert set(archive.contents) == blobs | {"oci-layout", "index.json"}
    assert archive.descriptor["platform"]["architecture"] == archive.configuration["architecture"]


def test_the_configuration_has_the_digests_of_the_layers_unpacked(archive):
    digests = []
    for layer in archive.layers():
        layer.fileobj.seek(0)
        digests.append(f"sha256:{hashlib.sha256(layer.fileobj.read()).hexdigest()}")
    assert archive.configuration["rootfs"] == {"type": "layers", "diff_ids": digests}
    assert len(archive.configuration["history"]) == len(digests)


def test_it_says_what_it_is(archive, program):
    name = f"registry.example:5000/team/{program}:{TAG}"
    assert archive.descriptor["annotations"]["io.containerd.image.name"] == name
    config = archive.configuration["config"]
    assert config["User"] == "65532:65532" and config["Entrypoint"] == [f"/{program}"]
    git = ["git", "-C", ROOT, "show", "--no-patch", "--format=%H", "HEAD"]
    commit = subprocess.run(git, check=True, capture_output=True, text=True).stdout.strip()
    said = {name.rpartition(".")[2]: text for name, text in config["Labels"].items()}
    assert (said["title"], said["version"], said["revision"]) == (program, TAG, commit)
    assert said["created"] == archive.configuration["created"] and said["description"]
    assert archive.manifest["annotations"] == config["Labels"]
    assert said["licenses"] == "Apache-2.0"
    assert "source" not in said, "nothing set it"


# --- the content ---


def certificates(text: str) -> set[str]:
    end = "-----END CERTIFICATE-----"
    return {f"{one.strip()}\n{end}" for one in text.split(end)[:-1]}


def test_it_holds_the_program_what_it_loads_and_no_more(archive, build, program):
    trace = {**os.environ, "LD_TRACE_LOADED_OBJECTS": "1"}
    loads = subprocess.run([build / PROGRAMS[program]], env=trace, capture_output=True, text=True)
    loaded = set(re.findall(r"(?:=> |^\t)(/\S+) \(0x", loads.stdout, re.MULTILINE))
    assert len(loaded) > 10
    (libc,) = (Path(one) for one in loaded if one.endswith("/libc.so.6"))
    loaded |= {str(libc.with_name(stub)) for stub in STUBS}
    inventory = f"/usr/share/sbom/{program}.spdx.json"
    others = {BUNDLE, "/usr/lib/ssl/cert.pem", inventory}
    entries = archive.entries()
    notices = {place for place in entries if NOTICE.fullmatch(place)}
    assert set(entries) == {f"/{program}"} | loaded | others | notices
    executable = {place for place, one in entries.items() if one.isfile() and one.mode & 0o111}
    assert executable == {f"/{program}"} | loaded


def test_nothing_in_it_is_of_this_machine(archive):
    members = [one for layer in archive.layers() for one in layer.getmembers()]
    for one in [*members, *archive.headers]:
        assert (one.uid, one.gid, one.mtime, one.uname, one.gname) == (0, 0, 0, "", ""), one.name
        assert one.mode & 0o7022 == 0 or one.issym(), one.name
    for layer in archive.layers():
        names = layer.getnames()
        assert names == sorted(names)


def test_an_authority_that_was_added_to_this_machine_is_not_in_it(archive):
    bundle = certificates(archive.files()[BUNDLE].decode())
    added = set()
    for file in Path("/usr/local/share/ca-certificates").rglob("*.crt"):
        added |= certificates(file.read_text())
    assert len(bundle) > 100 and bundle == certificates(Path(BUNDLE).read_text()) - added


def test_what_a_debugger_reads_is_beside_it(archive, made, program):
    (debug,) = made.glob(f"{program}-{TAG}-*.debug")
    lean = made / f"{program}.lean"
    lean.write_bytes(archive.files()[f"/{program}"])

    def sections(file) -> str:
        return subprocess.run(
            ["readelf", "--notes", "--sections", "--wide", file], capture_output=True, text=True
        ).stdout

    assert ".debug_" not in sections(lean) and ".symtab" not in sections(lean)
    assert ".debug_line" in sections(debug) and ".symtab" in sections(debug)
    identity = re.compile(r"Build ID: (\w+)")
    assert identity.search(sections(lean))[1] == identity.search(sections(debug))[1]


def test_operator_and_agent_share_the_layer_of_what_both_need(made):
    operator, agent = (archive_of(made, f"dualtrace-{one}") for one in ("operator", "agent"))
    shared, _, program = operator.manifest["layers"]
    assert agent.manifest["layers"][0] == shared
    assert program["digest"] != agent.manifest["layers"][2]["digest"]
    (inside, _) = sorted(one.name for one in operator.layers()[2].getmembers() if one.isfile())
    assert inside == "dualtrace-operator", "an upgrade replaces the program and its inventory"


# --- reproducibility ---


def test_the_same_build_gives_the_same_bytes_wherever_it_is_made(build, made, tmp_path):
    program = "dualtrace-operator"
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    environment = {"TZ": "Pacific/Chatham", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    arguments = [program, f"--tag={TAG}", "--repository=registry.example:5000/team"]
    make_images(build, elsewhere, *arguments, cwd=tmp_path, env=environment, umask=0o077)
    for file in elsewhere.iterdir():
        assert file.read_bytes() == (made / file.name).read_bytes(), file.name
    assert len(list(elsewhere.iterdir())) == 3


def test_folders_for_docker_hold_the_same(archive, build, program, tmp_path):
    make_images(build, tmp_path, program, f"--tag={TAG}", "--folders", umask=0o077)
    layers = ("base", "libraries", "program")
    assert sorted(one.name for one in (tmp_path / program).iterdir()) == sorted(layers)
    for layer, name in zip(archive.layers(), layers, strict=True):
        folder = tmp_path / program / name
        found = {str(one.relative_to(folder)): one for one in folder.rglob("*")}
        assert set(found) == set(layer.getnames())
        for one in layer.getmembers():
            there = found[one.name]
            assert there.is_symlink() == one.issym() and there.lstat().st_mtime == 0
            if not one.issym():
                assert there.stat().st_mode & 0o7777 == one.mode, one.name
            if one.isfile():
                assert there.read_bytes() == layer.extractfile(one).read()


# --- the inventory ---


def test_every_file_is_in_the_inventory_with_its_digest(archive, inventory, program):
    files = archive.files()
    del files[f"/usr/share/sbom/{program}.spdx.json"]  # it cannot contain its own hash
    found = {}
    for one in inventory["files"]:
        sums = {each["algorithm"]: each["checksumValue"] for each in one["checksums"]}
        found[one["fileName"].removeprefix(".")] = (sums["SHA1"], sums["SHA256"])
    assert len(found) == len(inventory["files"])
    assert found == {
        place: (hashlib.sha1(content).hexdigest(), hashlib.sha256(content).hexdigest())
        for place, content in files.items()
    }


def test_each_file_is_of_the_package_that_dpkg_says(inventory, program):
    places = {one["SPDXID"]: one["fileName"].removeprefix(".") for one in inventory["files"]}
    listed: list[str] = []
    for package in inventory["packages"]:
        mine = [places[one] for one in package.get("hasFiles", [])]
        listed += mine
        if package["name"] == program:
            assert mine == [f"/{program}"]
            continue
        name, version = package["name"], package["versionInfo"]
        show = ["dpkg-query", "--show", "--showformat=${Version}\\n", name]
        assert version in subprocess.run(show, capture_output=True, text=True).stdout.split()
        listing = ["dpkg-query", "--listfiles", name]
        has = subprocess.run(listing, capture_output=True, text=True).stdout.split()
        merged_usr = {place.replace("/usr/lib", "/lib") for place in has}
        for place in set(mine) - {BUNDLE, f"/usr/share/doc/{name}/copyright"}:
            here = {place, os.path.realpath(place).replace("/usr/lib", "/lib")}
            assert here & merged_usr, f"{place} is not from {name}"
    assert sorted(listed) == sorted(places.values()), "each file belongs to one package"


def test_packages_without_files_are_compiled_in(inventory):
    linked = {
        one["relatedSpdxElement"]
        for one in inventory["relationships"]
        if one["relationshipType"] == "STATIC_LINK"
    }
    names = {one["name"] for one in inventory["packages"] if one["SPDXID"] in linked}
    assert "libboost1.74-dev" in names and not any(name.startswith("libc6") for name in names)
    for package in inventory["packages"]:
        assert package["filesAnalyzed"] == bool(package.get("hasFiles"))
        assert package["filesAnalyzed"] or package["SPDXID"] in linked


def test_the_inventory_keeps_the_rules_of_spdx(inventory, made, program, archive):
    assert inventory["spdxVersion"] == "SPDX-2.3" and inventory["dataLicense"] == "CC0-1.0"
    ids = [one["SPDXID"] for one in inventory["packages"] + inventory["files"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one) for one in ids)
    for one in inventory["relationships"]:
        assert {one["spdxElementId"], one["relatedSpdxElement"]} <= {*ids, "SPDXRef-DOCUMENT"}
    sums = {one["SPDXID"]: one["checksums"][0]["checksumValue"] for one in inventory["files"]}
    for package in inventory["packages"]:
        if package["filesAnalyzed"]:
            joined = "".join(sorted(sums[one] for one in package["hasFiles"]))
            code = package["packageVerificationCode"]["packageVerificationCodeValue"]
            assert code == hashlib.sha1(joined.encode()).hexdigest()
    (beside,) = made.glob(f"{program}-{TAG}-*.spdx.json")
    assert beside.read_bytes() == archive.files()[f"/usr/share/sbom/{program}.spdx.json"]


# --- running it ---


@as_root
def test_the_program_starts_with_nothing_else_around_it(archive, program, tmp_path):
    run = Container(archive, tmp_path).program(tmp_path / program)
    done = subprocess.run([run, "--version"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    says = rf"{program} \d+\.\d+\.\d+\S* \(commit \S+, \S+\)\n"
    assert re.fullmatch(says, done.stdout), done.stdout


@pytest.fixture
def in_image(made, stage, tmp_path):
    """Configures the agent of the image with the sandbox as its destinations, under names that must
    be resolved, and with `trusted` in addition to the CAs of the image."""
    sandbox = stage.sandbox(tls=True, names=tuple(NAMES.values()))

    def start(protocol: str, hosts: str, trusted: bytes) -> tuple[Agent, object]:
        archive = archive_of(made, "dualtrace-agent")
        container = Container(archive, tmp_path / "container")
        for place, content in {
            "/etc/resolv.conf": f"nameserver {ADDRESS}\n".encode(),
            "/etc/hosts": hosts.encode(),
            BUNDLE: archive.files()[BUNDLE] + trusted,
        }.items():
            mounted = tmp_path / place.rpartition("/")[2]
            mounted.write_bytes(content)
            container.mount(mounted, place)
        folder = tmp_path / "agent"
        config = merged(base_config(folder), sandbox.agent_config(arize_protocol=protocol))
        for destination, key in (("arize", "endpoint"), ("databricks", "workspaceURL")):
            del config[destination]["caFile"]
            url = config[destination][key].replace("127.0.0.1", NAMES[destination])
            config[destination][key] = url
        config["drainTimeout"] = "1s"
        agent = Agent(tmp_path / "agent-in-image", folder, config)
        container.mount(folder)
        container.mount(sandbox.folder)
        container.program(agent.binary)
        stage.agents.append(agent)
        return agent.start(), sandbox

    return start


def send(agent: Agent) -> bytes:
    request = otlp.make_request(spans=2)
    headers = {"Content-Type": "application/x-protobuf"}
    status, answer = fetch(f"http://{agent.http_endpoint}/v1/traces", request, headers)
    assert status == 200, answer
    return request


@as_root
@pytest.mark.parametrize("protocol", ["GRPC", "HTTP"])
def test_names_come_from_the_name_server_and_trust_from_the_bundle(in_image, stage, protocol):
    with name_server(dict.fromkeys(NAMES.values(), "127.0.0.1")) as asked:
        ca = (stage.sandboxes[0].ca_file).read_bytes()
        agent, sandbox = in_image(protocol, "", ca)
        request = send(agent)
        sandbox.wait_for(otlp.by_id([request]))
    assert set(NAMES.values()) <= asked
    uid = (agent.folder / "journal").stat().st_uid
    assert uid == 65532, "it ran as the image's user"


@as_root
@pytest.mark.parametrize("protocol", ["GRPC", "HTTP"])
def test_the_hosts_file_comes_before_the_name_server(in_image, stage, protocol):
    wrong = dict.fromkeys(NAMES.values(), "127.65.53.2")
    with name_server(wrong):
        hosts = "".join(f"127.0.0.1 {name}\n" for name in NAMES.values())
        agent, sandbox = in_image(protocol, hosts, stage.sandboxes[0].ca_file.read_bytes())
        request = send(agent)
        sandbox.wait_for(otlp.by_id([request]))


@as_root
@pytest.mark.parametrize("protocol", ["GRPC", "HTTP"])
def test_who_is_not_in_the_bundle_is_not_trusted(in_image, protocol):
    with name_server(dict.fromkeys(NAMES.values(), "127.0.0.1")):
        agent, sandbox = in_image(protocol, "", b"")
        send(agent)
        for destination in NAMES:
            wait_until(
                lambda: agent.lane(destination)["lastError"], f"{destination} says what is wrong"
            )
            assert agent.spans(destination)["backlog"] == 2
            assert sandbox.outcomes(destination) == []
