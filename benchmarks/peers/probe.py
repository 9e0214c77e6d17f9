"""A grpcio client: writes requests for h2load and reads calls message by message.

Standard input is a JSON list of jobs, standard output one JSON list of answers in the same order:

    {"encode": RPC, "request": {...}}                                    -> hex of the request's frame
    {"call": RPC, "request": {...}, "target": "HOST:PORT", "metadata": {...}}
        -> the messages as JSON without what differs from call to call, the bytes of their frames, and
           those bytes if `meta_info` had no spaces within JSON

JSON within a message is read and written anew, so spaces in it do not count. A long message is its hash.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass
from sglang.runtime.v1 import sglang_pb2

SERVICE = sglang_pb2.DESCRIPTOR.services_by_name["SglangService"]
PREFIX_BYTES = 5
TIMEOUT_S = 30.0
LONG_BYTES = 1000
VARYING = ("id", "e2e_latency", "created")


def request_bytes(rpc: str, fields: dict[str, Any]) -> bytes:
    """A request on the wire."""
    message = GetMessageClass(SERVICE.methods_by_name[rpc].input_type)()
    return json_format.ParseDict(fields, message).SerializeToString()


def frame(message: bytes) -> bytes:
    """A message with gRPC's prefix."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def call(target: str, rpc: str, fields: dict[str, Any], metadata: dict[str, str]) -> dict[str, Any]:
    """All messages of one call."""
    method = SERVICE.methods_by_name[rpc]
    kind = GetMessageClass(method.output_type)
    with grpc.insecure_channel(target) as channel:
        path = f"/{SERVICE.full_name}/{rpc}"
        request, pairs = request_bytes(rpc, fields), tuple(metadata.items())
        if method.server_streaming:
            found = list(channel.unary_stream(path)(request, metadata=pairs, timeout=TIMEOUT_S))
        else:
            found = [channel.unary_unary(path)(request, metadata=pairs, timeout=TIMEOUT_S)]
    messages = [kind.FromString(data) for data in found]
    return {
        "bytes": sum(PREFIX_BYTES + len(data) for data in found),
        "compact_bytes": sum(PREFIX_BYTES + compact(message).ByteSize() for message in messages),
        "messages": [plain(message) for message in messages],
    }


def compact(message: Any) -> Any:
    """The message, without spaces in the objects of its `meta_info`."""
    if "meta_info" in message.DESCRIPTOR.fields_by_name:
        for name, value in dict(message.meta_info).items():
            if value.startswith("{"):
                message.meta_info[name] = json.dumps(json.loads(value), separators=(",", ":"))
    return message


def plain(message: Any) -> dict[str, Any]:
    """A message as it can be compared."""
    fields = message.DESCRIPTOR.fields_by_name
    if "meta_info" in fields:
        for name, value in dict(message.meta_info).items():
            message.meta_info[name] = "..." if name in VARYING else json.dumps(json.loads(value))
    if "json_chunk" in fields and message.json_chunk:
        chunk = json.loads(message.json_chunk)
        return {"json_chunk": {name: "..." if name in VARYING else value for name, value in chunk.items()}}
    data = message.SerializeToString(deterministic=True)
    if len(data) > LONG_BYTES:
        return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return json_format.MessageToDict(message)


def answer(job: dict[str, Any]) -> Any:
    """The result of one job; a call that fails is `{"error": ...}`."""
    if "encode" in job:
        return frame(request_bytes(job["encode"], job["request"])).hex()
    try:
        return call(job["target"], job["call"], job["request"], job.get("metadata", {}))
    except grpc.RpcError as error:
        return {"error": f"{error.code().name}: {error.details()}"}


if __name__ == "__main__":
    json.dump([answer(job) for job in json.load(sys.stdin)], sys.stdout)
