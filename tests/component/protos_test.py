# SPDX-License-Identifier: Apache-2.0
"""The protos that we wrote out agree with the published ones: the OTLP ones fully, the others in
the parts that they contain.

Needs `protoc` and the packages opentelemetry-proto, googleapis-common-protos and
grpcio-health-checking, whose generated modules carry the descriptors of the published files.
"""

import importlib
import pathlib
import subprocess

import pytest
from google.protobuf import descriptor_pb2

ROOT = pathlib.Path(__file__).resolve().parents[2] / "agent" / "otlp" / "proto"

# A proto's path and its generated module are the same words.
OTLP = [
    "opentelemetry/proto/common/v1/common.proto",
    "opentelemetry/proto/resource/v1/resource.proto",
    "opentelemetry/proto/trace/v1/trace.proto",
    "opentelemetry/proto/collector/trace/v1/trace_service.proto",
]
SUBSETS = {
    "google/rpc/status.proto": "google.rpc.status_pb2",
    "google/rpc/error_details.proto": "google.rpc.error_details_pb2",
    "grpc/health/v1/health.proto": "grpc_health.v1.health_pb2",
}


def ours(proto, folder):
    out = folder / "set"
    subprocess.run(
        ["protoc", f"-I{ROOT}", f"--descriptor_set_out={out}", proto], cwd=ROOT, check=True
    )
    return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file[0]


def published(module):
    file = descriptor_pb2.FileDescriptorProto()
    importlib.import_module(module).DESCRIPTOR.CopyToProto(file)
    return file


def enum_facts(enum, scope):
    return {f"{scope}.{enum.name}": sorted((value.number, value.name) for value in enum.value)}


def message_facts(message, scope):
    scope = f"{scope}.{message.name}"
    fields = sorted(
        (
            field.number,
            field.name,
            field.type,
            field.type_name,
            field.label,
            message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else None,
            field.proto3_optional,
        )
        for field in message.field
    )
    facts = {scope: (fields, sorted((r.start, r.end) for r in message.reserved_range))}
    for enum in message.enum_type:
        facts |= enum_facts(enum, scope)
    for nested in message.nested_type:
        facts |= message_facts(nested, scope)
    return facts


def facts(file):
    found = {}
    for message in file.message_type:
        found |= message_facts(message, file.package)
    for enum in file.enum_type:
        found |= enum_facts(enum, file.package)
    for service in file.service:
        for method in service.method:
            found[f"/{file.package}.{service.name}/{method.name}"] = (
                method.input_type,
                method.output_type,
                method.client_streaming,
                method.server_streaming,
            )
    return found


@pytest.mark.parametrize("proto", OTLP)
def test_otlp_protos_are_the_published_ones(proto, tmp_path):
    module = proto.removesuffix(".proto").replace("/", ".") + "_pb2"
    assert ours(proto, tmp_path).package == published(module).package
    assert facts(ours(proto, tmp_path)) == facts(published(module))


@pytest.mark.parametrize("proto,module", SUBSETS.items())
def test_other_protos_are_part_of_the_published_ones(proto, module, tmp_path):
    assert ours(proto, tmp_path).package == published(module).package
    mine = facts(ours(proto, tmp_path))
    theirs = facts(published(module))
    assert mine
    assert mine == {name: theirs.get(name) for name in mine}
