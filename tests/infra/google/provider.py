"""Google's Terraform provider, as far as it can be had without a cloud: its schema alone.

Terraform starts this as it starts any provider. It plans what is proposed and applies what is
planned; what the cloud would make up is made up here: a computed text is
`<type>.<attribute>:<name>`, with the name that the resource has.
Runs in an environment of its own, which `make tools` installs (requirements/provider.txt).
"""

import base64
import json
import os
import sys
import tempfile
import threading
from concurrent import futures
from pathlib import Path

import grpc
import msgpack
from tf.gen import grpc_controller_pb2, grpc_controller_pb2_grpc, grpc_stdio_pb2_grpc
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc
from tf.runner import _self_signed_cert  # private: tf is pinned

SCHEMA = json.loads(Path(__file__).with_name("schema.json").read_text())
PROVIDER = {
    "attributes": {
        **{
            name: {"type": "string", "optional": True}
            for name in ("project", "region", "zone", "credentials", "billing_project")
        },
        "user_project_override": {"type": "bool", "optional": True},
        "default_labels": {"type": ["map", "string"], "optional": True},
    },
    "blocks": {},
}
NESTING = {"list": pb.Schema.NestedBlock.LIST, "single": pb.Schema.NestedBlock.SINGLE}
UNKNOWN = msgpack.ExtType(0, b"\x00")
NAMING = ("account_id", "secret_id", "name", "display_name", "service")


def block(described):
    return pb.Schema.Block(
        attributes=[
            pb.Schema.Attribute(
                name=name,
                type=json.dumps(one["type"]).encode(),
                required=one.get("required", False),
                optional=one.get("optional", False),
                computed=one.get("computed", False),
                sensitive=one.get("sensitive", False),
            )
            for name, one in sorted(described["attributes"].items())
        ],
        block_types=[
            pb.Schema.NestedBlock(
                type_name=name,
                nesting=NESTING[one["nesting"]],
                min_items=one["min"],
                max_items=one["max"],
                block=block(one["block"]),
            )
            for name, one in sorted(described["blocks"].items())
        ],
    )


def schema(described):
    return pb.Schema(version=0, block=block(described))


def filled(kind, described, value, made):
    """The value with every computed attribute that nobody set filled in by `made`."""
    if not isinstance(value, dict):
        return value
    for name, one in described["attributes"].items():
        if one.get("computed") and value.get(name) is None:
            value[name] = made(kind, name, one["type"])
    for name, one in described["blocks"].items():
        inside = value.get(name)
        if isinstance(inside, list):
            value[name] = [filled(kind, one["block"], part, made) for part in inside]
    return value


def decode(dynamic):
    return msgpack.unpackb(dynamic.msgpack, ext_hook=msgpack.ExtType, strict_map_key=False)


def encode(value):
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def invented(kind, name, of, label=""):
    match of:
        case "string":
            return f"{kind}.{name}:{label}"
        case ["list", ["object", inside]]:
            return [{part: invented(kind, part, its, label) for part, its in inside.items()}]
        case ["map", _]:
            return {}
        case ["list", _]:
            return []
    return None


def settled(value, kind, described, label=None):
    """What was unknown in the plan, known."""
    if label is None:
        named = [value[name] for name in NAMING if isinstance(value.get(name), str)]
        label = named[0] if named else ""
    for name, one in described["attributes"].items():
        if isinstance(value.get(name), msgpack.ExtType):
            value[name] = invented(kind, name, one["type"], label)
    for name, one in described["blocks"].items():
        for part in value.get(name) or []:
            if isinstance(part, dict):
                settled(part, kind, one["block"], label)
    return value


class Provider(rpc.ProviderServicer):
    def GetMetadata(self, request, context):
        return pb.GetMetadata.Response(
            resources=[pb.GetMetadata.ResourceMetadata(type_name=n) for n in SCHEMA["resource"]],
            data_sources=[pb.GetMetadata.DataSourceMetadata(type_name=n) for n in SCHEMA["data"]],
        )

    def GetProviderSchema(self, request, context):
        return pb.GetProviderSchema.Response(
            provider=schema(PROVIDER),
            resource_schemas={name: schema(one) for name, one in SCHEMA["resource"].items()},
            data_source_schemas={name: schema(one) for name, one in SCHEMA["data"].items()},
        )

    def ValidateProviderConfig(self, request, context):
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request, context):
        return pb.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request, context):
        return pb.ConfigureProvider.Response()

    def UpgradeResourceState(self, request, context):
        state = json.loads(request.raw_state.json)
        return pb.UpgradeResourceState.Response(upgraded_state=encode(state))

    def ReadResource(self, request, context):
        return pb.ReadResource.Response(new_state=request.current_state)

    def ReadDataSource(self, request, context):
        described = SCHEMA["data"][request.type_name]
        value = filled(request.type_name, described, decode(request.config), invented)
        return pb.ReadDataSource.Response(state=encode(value))

    def PlanResourceChange(self, request, context):
        prior, proposed = decode(request.prior_state), decode(request.proposed_new_state)
        if prior is None and proposed is not None:
            described = SCHEMA["resource"][request.type_name]
            proposed = filled(request.type_name, described, proposed, lambda *_: UNKNOWN)
        return pb.PlanResourceChange.Response(planned_state=encode(proposed))

    def ApplyResourceChange(self, request, context):
        planned = decode(request.planned_state)
        if planned is not None:
            planned = settled(planned, request.type_name, SCHEMA["resource"][request.type_name])
        return pb.ApplyResourceChange.Response(new_state=encode(planned))

    def GetFunctions(self, request, context):
        return pb.GetFunctions.Response()

    def StopProvider(self, request, context):
        return pb.StopProvider.Response()


class Controller(grpc_controller_pb2_grpc.GRPCControllerServicer):
    def __init__(self, stopped):
        self._stopped = stopped

    def Shutdown(self, request, context):
        self._stopped.set()
        return grpc_controller_pb2.Empty()


class Stdio(grpc_stdio_pb2_grpc.GRPCStdioServicer):
    def StreamStdio(self, request, context):
        return iter(())


def main():
    stopped = threading.Event()
    sizes = ("grpc.max_send_message_length", "grpc.max_receive_message_length")
    server = grpc.server(futures.ThreadPoolExecutor(8), options=[(size, -1) for size in sizes])
    rpc.add_ProviderServicer_to_server(Provider(), server)
    grpc_controller_pb2_grpc.add_GRPCControllerServicer_to_server(Controller(stopped), server)
    grpc_stdio_pb2_grpc.add_GRPCStdioServicer_to_server(Stdio(), server)
    certificate, credentials = _self_signed_cert()
    with tempfile.TemporaryDirectory(prefix="visio-provider-") as folder:
        socket = f"{folder}/socket"
        server.add_secure_port(f"unix://{socket}", credentials)
        server.start()
        told = base64.b64encode(certificate).decode().rstrip("=")
        print(f"1|6|unix|{socket}|grpc|{told}", flush=True)  # noqa: T201 -- how plugins say hello
        # Terraform kills what does not go; without it, whoever started us is gone when we are
        # adopted.
        parent = os.getppid()
        while not stopped.wait(1) and os.getppid() == parent:
            pass
        server.stop(0.2)


if __name__ == "__main__":
    sys.exit(main())
