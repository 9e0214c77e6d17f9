# Generated from grpc/reflection/v1/reflection.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of grpc/reflection/v1/reflection.proto."""

from __future__ import annotations

from tokenwire.codec.binding import one_of
from tokenwire.message import Field, Message


class ServerReflectionRequest(Message, proto="grpc.reflection.v1.ServerReflectionRequest"):
    """One question about the schema.

    Oneof `message_request`: What is asked.
    """

    host: str = ""
    """Host the question is about, for servers with several. Empty: this one."""
    file_by_filename: str | None = None
    """The file with this path, as imports write it."""
    file_containing_symbol: str | None = None
    """The file that declares this full name: a message, an enum, a service, a
    method ("package.Service.Method") or an extension.
    """
    file_containing_extension: ExtensionRequest | None = None
    """The file that declares this extension."""
    all_extension_numbers_of_type: str | None = None
    """The numbers of all known extensions of the message with this full name."""
    list_services: str | None = None
    """The full names of all services. The value is not looked at."""

    def __init__(
        self,
        *,
        host: str = "",
        file_by_filename: str | None = None,
        file_containing_symbol: str | None = None,
        file_containing_extension: ExtensionRequest | None = None,
        all_extension_numbers_of_type: str | None = None,
        list_services: str | None = None,
    ) -> None:
        if (
            file_by_filename,
            file_containing_symbol,
            file_containing_extension,
            all_extension_numbers_of_type,
            list_services,
        ).count(None) < 4:
            one_of(
                "message_request",
                file_by_filename=file_by_filename,
                file_containing_symbol=file_containing_symbol,
                file_containing_extension=file_containing_extension,
                all_extension_numbers_of_type=all_extension_numbers_of_type,
                list_services=list_services,
            )
        self.host = host
        self.file_by_filename = file_by_filename
        self.file_containing_symbol = file_containing_symbol
        self.file_containing_extension = file_containing_extension
        self.all_extension_numbers_of_type = all_extension_numbers_of_type
        self.list_services = list_services
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("host", 1, "string"),
            Field("file_by_filename", 3, "string", "oneof", group="message_request"),
            Field("file_containing_symbol", 4, "string", "oneof", group="message_request"),
            Field(
                "file_containing_extension",
                5,
                "message",
                "oneof",
                type=ExtensionRequest,
                group="message_request",
            ),
            Field("all_extension_numbers_of_type", 6, "string", "oneof", group="message_request"),
            Field("list_services", 7, "string", "oneof", group="message_request"),
        )


class ExtensionRequest(Message, proto="grpc.reflection.v1.ExtensionRequest"):
    """Identifies an extension."""

    containing_type: str = ""
    """Full name of the message that is extended, without a leading dot."""
    extension_number: int = 0
    """Field number of the extension."""

    def __init__(
        self,
        *,
        containing_type: str = "",
        extension_number: int = 0,
    ) -> None:
        self.containing_type = containing_type
        self.extension_number = extension_number
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("containing_type", 1, "string"),
            Field("extension_number", 2, "int32"),
        )


class ServerReflectionResponse(Message, proto="grpc.reflection.v1.ServerReflectionResponse"):
    """Answer to one question about the schema.

    Oneof `message_response`: What is answered.
    """

    valid_host: str = ""
    """Host the answer is for."""
    original_request: ServerReflectionRequest | None = None
    """The question."""
    file_descriptor_response: FileDescriptorResponse | None = None
    """Answers file_by_filename, file_containing_symbol and
    file_containing_extension.
    """
    all_extension_numbers_response: ExtensionNumberResponse | None = None
    """Answers all_extension_numbers_of_type."""
    list_services_response: ListServiceResponse | None = None
    """Answers list_services."""
    error_response: ErrorResponse | None = None
    """Says why there is no answer; the stream goes on."""

    def __init__(
        self,
        *,
        valid_host: str = "",
        original_request: ServerReflectionRequest | None = None,
        file_descriptor_response: FileDescriptorResponse | None = None,
        all_extension_numbers_response: ExtensionNumberResponse | None = None,
        list_services_response: ListServiceResponse | None = None,
        error_response: ErrorResponse | None = None,
    ) -> None:
        if (
            file_descriptor_response,
            all_extension_numbers_response,
            list_services_response,
            error_response,
        ).count(None) < 3:
            one_of(
                "message_response",
                file_descriptor_response=file_descriptor_response,
                all_extension_numbers_response=all_extension_numbers_response,
                list_services_response=list_services_response,
                error_response=error_response,
            )
        self.valid_host = valid_host
        self.original_request = original_request
        self.file_descriptor_response = file_descriptor_response
        self.all_extension_numbers_response = all_extension_numbers_response
        self.list_services_response = list_services_response
        self.error_response = error_response
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("valid_host", 1, "string"),
            Field("original_request", 2, "message", "optional", type=ServerReflectionRequest),
            Field(
                "file_descriptor_response",
                4,
                "message",
                "oneof",
                type=FileDescriptorResponse,
                group="message_response",
            ),
            Field(
                "all_extension_numbers_response",
                5,
                "message",
                "oneof",
                type=ExtensionNumberResponse,
                group="message_response",
            ),
            Field(
                "list_services_response",
                6,
                "message",
                "oneof",
                type=ListServiceResponse,
                group="message_response",
            ),
            Field("error_response", 7, "message", "oneof", type=ErrorResponse, group="message_response"),
        )


class FileDescriptorResponse(Message, proto="grpc.reflection.v1.FileDescriptorResponse"):
    """Descriptors of files."""

    file_descriptor_proto: list[bytes]
    """Serialized google.protobuf.FileDescriptorProto messages: the file that was
    asked for, and those it imports unless this stream has carried them before.
    """

    def __init__(
        self,
        *,
        file_descriptor_proto: list[bytes] | None = None,
    ) -> None:
        self.file_descriptor_proto = [] if file_descriptor_proto is None else file_descriptor_proto
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("file_descriptor_proto", 1, "bytes", "repeated"),)


class ExtensionNumberResponse(Message, proto="grpc.reflection.v1.ExtensionNumberResponse"):
    """Extensions of one message."""

    base_type_name: str = ""
    """Full name of the message that is extended."""
    extension_number: list[int]
    """Field numbers of its extensions, in no particular order."""

    def __init__(
        self,
        *,
        base_type_name: str = "",
        extension_number: list[int] | None = None,
    ) -> None:
        self.base_type_name = base_type_name
        self.extension_number = [] if extension_number is None else extension_number
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("base_type_name", 1, "string"),
            Field("extension_number", 2, "int32", "repeated"),
        )


class ListServiceResponse(Message, proto="grpc.reflection.v1.ListServiceResponse"):
    """Services of the server."""

    service: list[ServiceResponse]
    """One entry per service."""

    def __init__(
        self,
        *,
        service: list[ServiceResponse] | None = None,
    ) -> None:
        self.service = [] if service is None else service
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("service", 1, "message", "repeated", type=ServiceResponse),)


class ServiceResponse(Message, proto="grpc.reflection.v1.ServiceResponse"):
    """One service of the server."""

    name: str = ""
    """Full name, such as "package.Service"."""

    def __init__(
        self,
        *,
        name: str = "",
    ) -> None:
        self.name = name
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("name", 1, "string"),)


class ErrorResponse(Message, proto="grpc.reflection.v1.ErrorResponse"):
    """Reason why a question has no answer."""

    error_code: int = 0
    """Numeric gRPC status code, 5 (NOT_FOUND) for instance."""
    error_message: str = ""
    """Reason in words."""

    def __init__(
        self,
        *,
        error_code: int = 0,
        error_message: str = "",
    ) -> None:
        self.error_code = error_code
        self.error_message = error_message
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("error_code", 1, "int32"),
            Field("error_message", 2, "string"),
        )
