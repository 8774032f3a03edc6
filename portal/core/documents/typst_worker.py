"""A process that compiles one template and exits: run on its own, never imported.

Typst keeps what it has seen in memory for as long as its process lives, so a process makes one file. The
payload comes in as JSON on standard input, the PDF goes out on standard output; no file is written. Only
the fonts beside this file are used, so the same payload gives the same bytes on every machine.

Arguments: the template, seconds to live, bytes of address space, seconds since 1970 for the file's creation date.
"""

import contextlib
import resource
import signal
import sys
from pathlib import Path
from typing import cast

HERE = Path(__file__).parent


def limit(seconds: int, memory: int) -> None:
    """Let the kernel end this process when it runs or grows too far, even if nobody monitors it any more."""
    signal.alarm(seconds)
    # macOS has the limit on address space but refuses to set it.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def compile_document(template: Path, payload: str, timestamp: int) -> bytes:
    """Return the PDF that a template makes of a payload. Raises `typst.TypstError`."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[HERE / "fonts"])
    compiler = typst.Compiler(input=template, root=template.parent, font_paths=fonts, sys_inputs={"payload": payload})
    return cast(bytes, compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=timestamp))


def main() -> None:
    seconds, memory, timestamp = (int(argument) for argument in sys.argv[2:])
    limit(seconds, memory)
    sys.stdout.buffer.write(compile_document(Path(sys.argv[1]), sys.stdin.read(), timestamp))


if __name__ == "__main__":
    main()
