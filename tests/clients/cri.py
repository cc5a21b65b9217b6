#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One call of the Kubernetes container runtime interface.

cri.py SOCKET METHOD [REQUEST]: sends REQUEST, JSON with the names of CRI's
api.proto, and prints the answer the same way. Debian has no generated
messages of that file, so the few that are needed stand here.
"""
import sys

import grpc
from google.protobuf import descriptor_pb2, json_format, message_factory

# "field number type", types: those of protobuf, or a message. A type in [] is
# repeated.
MESSAGES = {
    "VersionRequest": "version 1 string",
    "VersionResponse": "runtime_name 2 string, runtime_version 3 string",
    "StatusRequest": "verbose 1 bool",
    # info is a map, which is sent like this
    "StatusResponse": "status 1 RuntimeStatus, info 2 [Info]",
    "Info": "key 1 string, value 2 string",
    "RuntimeStatus": "conditions 1 [RuntimeCondition]",
    "RuntimeCondition":
        "type 1 string, status 2 bool, reason 3 string, message 4 string",
    "RunPodSandboxRequest": "config 1 PodSandboxConfig",
    "RunPodSandboxResponse": "pod_sandbox_id 1 string",
    "PodSandboxConfig":
        "metadata 1 PodSandboxMetadata, hostname 2 string,"
        "log_directory 3 string, port_mappings 5 [PortMapping]",
    "PodSandboxMetadata":
        "name 1 string, uid 2 string, namespace 3 string, attempt 4 uint32",
    # protocol is an enum: 0 TCP, 1 UDP, 2 SCTP
    "PortMapping":
        "protocol 1 int32, container_port 2 int32, host_port 3 int32,"
        "host_ip 4 string",
    "PodSandboxStatusRequest": "pod_sandbox_id 1 string",
    "PodSandboxStatusResponse": "status 1 PodSandboxStatus",
    "PodSandboxStatus": "id 1 string, network 5 PodSandboxNetworkStatus",
    "PodSandboxNetworkStatus": "ip 1 string, additional_ips 2 [PodIP]",
    "PodIP": "ip 1 string",
    "StopPodSandboxRequest": "pod_sandbox_id 1 string",
    "StopPodSandboxResponse": "",
    "RemovePodSandboxRequest": "pod_sandbox_id 1 string",
    "RemovePodSandboxResponse": "",
    "CreateContainerRequest":
        "pod_sandbox_id 1 string, config 2 ContainerConfig,"
        "sandbox_config 3 PodSandboxConfig",
    "CreateContainerResponse": "container_id 1 string",
    "ContainerConfig":
        "metadata 1 ContainerMetadata, image 2 ImageSpec,"
        "command 3 [string], log_path 11 string",
    "ContainerMetadata": "name 1 string, attempt 2 uint32",
    "ImageSpec": "image 1 string",
    "StartContainerRequest": "container_id 1 string",
    "StartContainerResponse": "",
    "ExecSyncRequest": "container_id 1 string, cmd 2 [string], timeout 3 int64",
    "ExecSyncResponse": "stdout 1 bytes, stderr 2 bytes, exit_code 3 int32",
}
PACKAGE = "runtime.v1"
FIELD = descriptor_pb2.FieldDescriptorProto


def message_classes():
    proto = descriptor_pb2.FileDescriptorProto(
        name="api.proto", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        message = proto.message_type.add(name=name)
        for text in filter(None, fields.split(",")):
            field, number, kind = text.split()
            repeated = kind.startswith("[")
            kind = kind.strip("[]")
            row = message.field.add(
                name=field, number=int(number),
                label=FIELD.LABEL_REPEATED if repeated
                else FIELD.LABEL_OPTIONAL)
            if kind in MESSAGES:
                row.type = FIELD.TYPE_MESSAGE
                row.type_name = f".{PACKAGE}.{kind}"
            else:
                row.type = FIELD.Type.Value(f"TYPE_{kind.upper()}")
    return message_factory.GetMessages([proto])


class Runtime:
    """Who answers at a socket."""

    def __init__(self, socket):
        self.channel = grpc.insecure_channel(f"unix:{socket}")
        self.classes = message_classes()

    def call(self, method, request):
        """Sends a request, JSON or what it stands for. The answer's message."""
        message = self.classes[f"{PACKAGE}.{method}Request"]()
        if isinstance(request, str):
            json_format.Parse(request, message)
        else:
            json_format.ParseDict(request, message)
        call = self.channel.unary_unary(
            f"/{PACKAGE}.RuntimeService/{method}",
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=self.classes[
                f"{PACKAGE}.{method}Response"].FromString)
        try:
            return call(message, timeout=300)
        except grpc.RpcError as error:
            sys.exit(f"{method}: {error.code().name}: {error.details()}")


def main(socket, method, request="{}"):
    print(json_format.MessageToJson(
        Runtime(socket).call(method, request),
        including_default_value_fields=True,
        preserving_proto_field_name=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
