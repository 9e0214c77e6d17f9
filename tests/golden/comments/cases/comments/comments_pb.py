# Generated from cases/comments/comments.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of cases/comments/comments.proto."""

from __future__ import annotations

from tokenwire.codec.binding import one_of
from tokenwire.message import Enum, Field, Message


class Commented(Enum):
    """\"Enum" with 'quotes' and a backslash \\"""

    COMMENTED_UNSPECIFIED = 0
    """Zero, "quoted" \\"""
    COMMENTED_ONE = 1
    """Trailing \"\"\" comment."""


class OneLine(Message, proto="cases.comments.OneLine"):
    """One line."""

    field: str = ""
    """One line on a field."""
    trailing: str = ""
    """A trailing comment."""
    both: str = ""
    """A leading comment
    of two lines.
    """
    none: str = ""

    def __init__(
        self,
        *,
        field: str = "",
        trailing: str = "",
        both: str = "",
        none: str = "",
    ) -> None:
        self.field = field
        self.trailing = trailing
        self.both = both
        self.none = none
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("field", 1, "string"),
            Field("trailing", 2, "string"),
            Field("both", 3, "string"),
            Field("none", 4, "string"),
        )


class DoubleQuotes(Message, proto="cases.comments.DoubleQuotes"):
    """\"Starts and ends with a double quote\""""

    ends: str = ""
    """Ends with a double quote: \""""
    only_two: str = ""
    """\"\""""
    only_three: str = ""
    """\"\"\""""
    ends_with_four: str = ""
    """Ends with four \"\"\"\""""
    within: str = ""
    """Within \"\"\" the text, and 'single', '''triple single''' too."""
    one: str = ""
    """\""""

    def __init__(
        self,
        *,
        ends: str = "",
        only_two: str = "",
        only_three: str = "",
        ends_with_four: str = "",
        within: str = "",
        one: str = "",
    ) -> None:
        self.ends = ends
        self.only_two = only_two
        self.only_three = only_three
        self.ends_with_four = ends_with_four
        self.within = within
        self.one = one
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("ends", 1, "string"),
            Field("only_two", 2, "string"),
            Field("only_three", 3, "string"),
            Field("ends_with_four", 4, "string"),
            Field("within", 5, "string"),
            Field("one", 6, "string"),
        )


class Backslashes(Message, proto="cases.comments.Backslashes"):
    """Backslashes: \\ \\\\ \\n \\t \\x41 \\u00e9 \\N{BULLET} C:\\path\\to\\new \\"""

    ends: str = ""
    """Ends with one backslash \\"""
    ends_with_two: str = ""
    """Ends with two backslashes \\\\"""
    and_quote: str = ""
    """Backslash and quote \\\""""
    and_quotes: str = ""
    """Backslash and triple quotes \\\"\"\""""
    only: str = ""
    """\\"""
    at_line_end: str = ""
    """Backslash at the end of a line \\
    that is not the last.
    """
    regular_expression: str = ""
    """\\d+\\.\\d+ as a regular expression."""

    def __init__(
        self,
        *,
        ends: str = "",
        ends_with_two: str = "",
        and_quote: str = "",
        and_quotes: str = "",
        only: str = "",
        at_line_end: str = "",
        regular_expression: str = "",
    ) -> None:
        self.ends = ends
        self.ends_with_two = ends_with_two
        self.and_quote = and_quote
        self.and_quotes = and_quotes
        self.only = only
        self.at_line_end = at_line_end
        self.regular_expression = regular_expression
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("ends", 1, "string"),
            Field("ends_with_two", 2, "string"),
            Field("and_quote", 3, "string"),
            Field("and_quotes", 4, "string"),
            Field("only", 5, "string"),
            Field("at_line_end", 6, "string"),
            Field("regular_expression", 7, "string"),
        )


class NonAscii(Message, proto="cases.comments.NonAscii"):
    """Größe, naïve café, 你好, Привет, שלום, 🎉, e\\u0301 as é, a no-break space, “curly” ‘quotes’ – dash
    — em dash, × and −.
    """

    field: str = ""
    """Ünïcödé."""
    invisible: str = ""
    """A zero-width space:\u200b, a soft hyphen: \xad, and a right-to-left mark: \u200f."""
    separators: str = ""
    """Line separator:   and paragraph separator:  ."""

    def __init__(
        self,
        *,
        field: str = "",
        invisible: str = "",
        separators: str = "",
    ) -> None:
        self.field = field
        self.invisible = invisible
        self.separators = separators
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("field", 1, "string"),
            Field("invisible", 2, "string"),
            Field("separators", 3, "string"),
        )


class Templates(Message, proto="cases.comments.Templates"):
    """Template languages: {{ braces }}, {% raw %}, {# hash #}, {% endraw %}, ${dollar}, %s, %(name)s, {0}."""

    field: str = ""
    """f"{value!r}" and # noqa and # type: ignore"""

    def __init__(
        self,
        *,
        field: str = "",
    ) -> None:
        self.field = field
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("field", 1, "string"),)


class Markup(Message, proto="cases.comments.Markup"):
    """Markup: <b>bold</b> & <script>alert(1)</script>, `code`, *emphasis*,
    [link](https://example.com/a_b?c=d&e=f).

    A list:

      - first
      - second, indented
          deeper

        code = "indented"


    After two empty lines.
    """

    sections: str = ""
    """Args:
        looks like a section of a docstring.

    Returns:
        nothing at all
    """
    doctest: str = ""
    """>>> print("a doctest")
    a doctest
    """

    def __init__(
        self,
        *,
        sections: str = "",
        doctest: str = "",
    ) -> None:
        self.sections = sections
        self.doctest = doctest
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("sections", 1, "string"),
            Field("doctest", 2, "string"),
        )


class LongLines(Message, proto="cases.comments.LongLines"):
    """An overlong line that no formatter can break because it goes on and on, far past every limit, the
    limit of a hundred and ten columns among them, until it ends here:
    https://example.com/a/very/long/address/that/cannot/be/broken/anywhere/at/all/because/it/is/one/word/only
    """

    field: str = ""
    """Another overlong line on a field, which goes on and on, far past every limit, the limit of a hundred
    and ten columns among them, until it ends here.
    """

    def __init__(
        self,
        *,
        field: str = "",
    ) -> None:
        self.field = field
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("field", 1, "string"),)


class Blocks(Message, proto="cases.comments.Blocks"):
    """A block comment."""

    one_line: str = ""
    """On one line."""
    stars: str = ""
    """With stars
    at the margin.
    """
    two_stars: str = ""
    """*
    With two stars at the start, and // slashes within.
    """
    uneven: str = ""
    """Indented
    unevenly.
    """
    empty: str = ""
    empty_line: str = ""
    no_space: str = ""
    """No space after the slashes."""
    tab: str = ""
    """A tab after the slashes,    and one within."""
    three_slashes: str = ""
    """/ Three slashes."""
    trailing_spaces: str = ""
    """Trailing spaces."""

    def __init__(
        self,
        *,
        one_line: str = "",
        stars: str = "",
        two_stars: str = "",
        uneven: str = "",
        empty: str = "",
        empty_line: str = "",
        no_space: str = "",
        tab: str = "",
        three_slashes: str = "",
        trailing_spaces: str = "",
    ) -> None:
        self.one_line = one_line
        self.stars = stars
        self.two_stars = two_stars
        self.uneven = uneven
        self.empty = empty
        self.empty_line = empty_line
        self.no_space = no_space
        self.tab = tab
        self.three_slashes = three_slashes
        self.trailing_spaces = trailing_spaces
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("one_line", 1, "string"),
            Field("stars", 2, "string"),
            Field("two_stars", 3, "string"),
            Field("uneven", 4, "string"),
            Field("empty", 5, "string"),
            Field("empty_line", 6, "string"),
            Field("no_space", 7, "string"),
            Field("tab", 8, "string"),
            Field("three_slashes", 9, "string"),
            Field("trailing_spaces", 10, "string"),
        )


class CommentedOneof(Message, proto="cases.comments.CommentedOneof"):
    """A oneof has a comment too.

    Oneof `choice`: Either "this" or 'that' \\
    """

    this: str | None = None
    """This."""
    that: str | None = None
    """That."""

    def __init__(
        self,
        *,
        this: str | None = None,
        that: str | None = None,
    ) -> None:
        if (
            this,
            that,
        ).count(None) < 1:
            one_of(
                "choice",
                this=this,
                that=that,
            )
        self.this = this
        self.that = that
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("this", 1, "string", "oneof", group="choice"),
            Field("that", 2, "string", "oneof", group="choice"),
        )
