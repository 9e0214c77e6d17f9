"""Generated code of tests/protos imports, compiles and speaks the same bytes as google.protobuf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tokenwire.message
from google.protobuf import message_factory

from tests.support.fill import fill, messages
from tests.support.generate import ROOT, generate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.generate import Generated

PROTOS = ROOT / "tests/protos"
FILES = [file for file in sorted(PROTOS.rglob("*.proto")) if "bad" not in file.parts]


@pytest.fixture(scope="module")
def gen(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generate(FILES, tmp_path_factory.mktemp("protos"), includes=[PROTOS])


def packages(gen: Generated) -> list[str]:
    return [path.removesuffix("/__init__.py").replace("/", ".") for path in gen.files if "__init__" in path]


def classes(gen: Generated) -> dict[str, Any]:
    """Every generated message class, by its full proto name."""
    found: dict[str, Any] = {}
    for package in packages(gen):
        for value in vars(gen.module(package)).values():
            if isinstance(value, type) and issubclass(value, tokenwire.message.Message):
                found[value._tw_name] = value
    return found


NO_ORACLE = "cases/shapes/json_names.proto"
NAMES = [file.relative_to(PROTOS).as_posix() for file in FILES]


@pytest.mark.parametrize("file", [name for name in NAMES if name != NO_ORACLE])
def test_round_trip(file: str, gen: Generated) -> None:
    ours = classes(gen)
    for descriptor in messages(gen.pool.FindFileByName(file)):
        oracle = message_factory.GetMessageClass(descriptor)
        for message in (oracle(), fill(oracle())):
            # Through the class: a field may have the method's name.
            read = ours[descriptor.full_name].parse(oracle.SerializeToString(message))
            assert oracle.FromString(bytes(read)) == message


def test_every_package_lists_its_names_sorted(gen: Generated) -> None:
    for package in packages(gen):
        module = gen.module(package)
        names = getattr(module, "__all__", [])
        assert len(set(names)) == len(names)
        assert all(hasattr(module, name) for name in names)


def test_render_is_deterministic(gen: Generated, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = generate(FILES, tmp_path_factory.mktemp("again"), includes=[PROTOS])
    assert again.files == gen.files


def test_every_python_file_says_where_it_is_from(gen: Generated) -> None:
    for path in gen.files:
        if path.endswith(".py"):
            line = gen.text(path).partition("\n")[0]
            assert line.startswith("# Generated "), path
            assert line.endswith(" by protoc-gen-tokenwire 0.1.0. DO NOT EDIT."), path


def test_two_files_of_a_package_share_it(gen: Generated) -> None:
    assert gen.module("cases.first.common_pb") is not gen.module("cases.first.elsewhere_pb")
    assert {"common_pb.py", "elsewhere_pb.py"} <= {
        path.removeprefix("cases/first/") for path in gen.files if path.startswith("cases/first/")
    }


def test_a_file_without_a_package_is_in_unpackaged(gen: Generated) -> None:
    assert gen.unpackaged.Unpackaged().SerializeToString() == b""


def test_keywords_in_package_names_are_escaped(gen: Generated) -> None:
    assert gen.module("cases.import_.class_").__all__


def test_a_package_called_openai_is_no_top_package(gen: Generated) -> None:
    assert gen.module("openai.v1").__name__.startswith(gen.directory.name)


def test_messages_of_the_same_name_from_two_packages_meet_in_one_file(gen: Generated) -> None:
    text = gen.text("cases/second/common_pb.py") + gen.text("cases/second/uses_both_pb.py")
    assert "import Common as CasesFirstCommon" in text


def test_options_files_are_passed_over_but_their_messages_kept(gen: Generated) -> None:
    assert "cases/options/options_pb.py" in gen.files
    assert "cases/options/options_codec.py" in gen.files


def test_names_that_generated_code_needs_give_way(gen: Generated) -> None:
    module = gen.module("cases.collisions")
    assert [word.name for word in module.Words] == ["None_", "classmethod_", "dict_", "f__Words__private"]
    assert {"datetime_", "ping", "PINGS"} <= set(module.__all__)
    assert hasattr(module.PingsClient, "ping_")
    assert module.datetime_(Field_="x").to_dict() == {"Field": "x"}


def test_a_module_does_not_lie_where_a_package_is(gen: Generated) -> None:
    assert gen.module("cases.collisions.collisions_pb").Module(number=1).number == 1
    assert "cases/collisions/collisions__pb.py" in gen.files


def test_a_package_called_unpackaged_is_kept_apart(gen: Generated) -> None:
    assert gen.module("unpackaged_").Packaged(number=1).number == 1


def test_a_message_may_have_thousands_of_fields(tmp_path: Path) -> None:
    numbers = range(1, 4001)
    fields = "".join(f"repeated int32 f{number} = {number};" for number in numbers)
    gen = generate(f'syntax = "proto3"; package many; message M {{ {fields} }}', tmp_path)
    message = gen.many.M(f1=[1], f4000=[2, 3])
    assert gen.many.M.parse(bytes(message)) == message
