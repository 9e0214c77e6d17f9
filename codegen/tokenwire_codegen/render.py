"""The last stage: a frozen model to the text of files. Pure: the same model gives the same bytes.

Templates are looked up by name, first in the user's directory, then among the shipped ones:
`pb.py.j2`, `codec.py.j2`, `grpc.py.j2`, `openai.py.j2`, `http.py.j2`, `init.py.j2`, `main.py.j2`,
`parent.py.j2` (packages that only hold packages) and `macros.j2`. Each gets `file` or `package`, the
first line as `header`, and what it imports and lists as `module` (`plan` in pb and codec). Filters
and functions beside Jinja's own, all from `text`: `py` and `doc`; `annotate`, `assign`, `call`,
`choose`, `define` and `tuple_of`, which lay lines out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from jinja2.exceptions import TemplateError
from tokenwire_templates import DIRECTORY

from . import __version__, codec_plan, modules
from .openapi import openapi_document
from .text import annotate, assign, call, choose, define, literal, schema_docstring, tuple_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from .model import FileModel, PackageModel

__all__ = ["Renderer", "TemplateFaultError"]


class TemplateFaultError(ValueError):
    """A template, most likely one of the user's, does not render."""


class Renderer:
    """Renders packages.

    Args:
        templates: Directory whose files replace shipped templates of the same name.
        kinds: Kinds of file to write.
        internal: The output is a package of the runtime itself.
    """

    def __init__(self, templates: Path | None, kinds: frozenset[str], *, internal: bool = False) -> None:
        directories = [DIRECTORY] if templates is None else [templates, DIRECTORY]
        self._kinds = kinds
        self._internal = internal
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(directory) for directory in directories]),
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self._environment.filters["py"] = literal
        self._environment.filters["doc"] = schema_docstring
        self._environment.globals.update(
            annotate=annotate, assign=assign, call=call, choose=choose, define=define, tuple_of=tuple_of
        )

    def render(self, packages: Sequence[PackageModel], descriptors: Mapping[str, bytes]) -> dict[str, bytes]:
        """Render everything; keys are paths below the output root.

        Args:
            packages: What to render.
            descriptors: Serialised FileDescriptorSet of each package.

        Raises:
            TemplateFaultError: A template is broken.
        """
        files: dict[str, bytes] = {}
        for package in packages:
            for name, content in self._package(package, packages):
                files[f"{package.directory}/{name}"] = content.encode()
            if "descriptor" in self._kinds:
                files[f"{package.directory}/descriptor.binpb"] = descriptors[package.package]
        if "init" in self._kinds:
            for parent in self._parents(packages):
                files.setdefault(f"{parent}__init__.py", self._text("parent.py.j2").encode())
        return dict(sorted(files.items()))

    def _package(self, package: PackageModel, packages: Sequence[PackageModel]) -> Iterator[tuple[str, str]]:
        for file in package.files:
            yield from self._file(file)
        document = openapi_document(package, packages) if "openapi" in self._kinds else ""
        if document:
            yield "openapi.json", document
        one = package.files[0].path
        header = self._header(one if len(package.files) == 1 else one.rpartition("/")[0] or "several files")
        context = {"package": package, "header": header, "services": any(f.services for f in package.files)}
        if "init" in self._kinds:
            module = modules.init_module(package, self._kinds)
            comment = package.files[0].comment if len(package.files) == 1 else ""
            yield "__init__.py", self._text("init.py.j2", module=module, comment=comment, **context)
        main = modules.main_module(package)
        if main and "main" in self._kinds:
            yield "__main__.py", self._text("main.py.j2", module=main, **context)

    def _file(self, file: FileModel) -> Iterator[tuple[str, str]]:
        context = {"file": file, "header": self._header(file.path)}
        if "pb" in self._kinds and (file.messages or file.enums):
            yield f"{file.stem}_pb.py", self._text("pb.py.j2", plan=codec_plan.plan_pb(file), **context)
        if "codec" in self._kinds and file.messages:
            yield (
                f"{file.stem}_codec.py",
                self._text("codec.py.j2", plan=codec_plan.plan_codec(file), **context),
            )
        if "grpc" in self._kinds and file.services:
            module = modules.grpc_module(file)
            yield f"{file.stem}_grpc.py", self._text("grpc.py.j2", module=module, **context)
        for kind, plan in (("openai", modules.openai_module), ("http", modules.http_module)):
            optional = plan(file) if kind in self._kinds else None
            if optional is not None:
                yield f"{file.stem}_{kind}.py", self._text(f"{kind}.py.j2", module=optional, **context)

    def _parents(self, packages: Sequence[PackageModel]) -> Iterator[str]:
        """Directories above packages, each with "/" at its end; the root only within the runtime."""
        for package in packages:
            parts = package.directory.split("/")
            yield from ("/".join((*parts[:end], "")) for end in range(not self._internal, len(parts)))

    def _header(self, source: str) -> str:
        return f"# Generated from {source} by protoc-gen-tokenwire {__version__}. DO NOT EDIT."

    def _text(self, template: str, **context: Any) -> str:
        header = context.setdefault(
            "header", f"# Generated by protoc-gen-tokenwire {__version__}. DO NOT EDIT."
        )
        text = self._filled(template, **context).rstrip("\n") + "\n"
        if not text.startswith(f"{header}\n"):
            raise TemplateFaultError(
                f"template {template}: its text must start with {{{{ header }}}}, "
                "by which files that may be overwritten are known; add that"
            )
        return text

    def _filled(self, template: str, **context: Any) -> str:
        try:
            return self._environment.get_template(template).render(version=__version__, **context)
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            place = f"{getattr(error, 'name', None) or template}{f':{line}' if line else ''}"
            raise TemplateFaultError(f"template {place}: {error.message}; correct it") from error
