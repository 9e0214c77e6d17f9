"""Renders what the demo prints as docs/demo.svg, the picture in the README: `python tools/record_demo.py`."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Run the demo and write the picture."""
    command = [sys.executable, ROOT / "examples" / "demo.py"]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | {"FORCE_COLOR": "1"}
    )
    console = Console(record=True, width=104, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi("$ make demo\n" + done.stdout.rstrip()))
    picture = console.export_svg(title="make demo")
    picture = re.sub(r"@font-face \{.*?\}|<!--.*?-->", "", picture, flags=re.DOTALL)
    (ROOT / "docs" / "demo.svg").write_text(picture)


if __name__ == "__main__":
    main()
