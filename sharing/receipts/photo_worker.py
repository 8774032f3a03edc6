"""A process that reads the QR codes in one photo and exits: run on its own, never imported.

The photo is from a stranger and comes in on standard input; the texts of its codes go out on standard output as JSON.
Limits of the kernel end what takes too long or grows too far. The process has no environment, so it knows no secret,
and it can write no file.

Arguments: seconds of processor time, bytes of address space, the most pixels that are decoded, the longest side in
pixels in which codes are searched.
"""

import contextlib
import io
import json
import resource
import signal
import sys

import zxingcpp
from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP")  # each is one more decoder that strangers can feed
MOST_CODES, LONGEST_CODE = 20, 500


def limit(seconds: int, memory: int) -> None:
    """Let the kernel end this process when it runs or grows too far, even if nobody monitors it any more."""
    signal.alarm(seconds + 1)  # by the clock, on a machine that is busy
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # macOS has the limit on address space but refuses to set it.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def read(photo: bytes, most_pixels: int, side: int) -> dict[str, object]:
    """Return `codes`, the texts in the photo, or `refused`, why it was not read."""
    try:
        with Image.open(io.BytesIO(photo), formats=FORMATS) as image:  # reads the header only
            if image.width * image.height > most_pixels:
                return {"refused": "pixels"}
            grey = _grey(image, side)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return {"refused": "broken"}
    found = zxingcpp.read_barcodes(
        grey, formats=zxingcpp.barcode_formats_from_str("QRCode"), text_mode=zxingcpp.TextMode.Plain
    )
    return {"codes": [barcode.text[:LONGEST_CODE] for barcode in found[:MOST_CODES]]}


def _grey(image: Image.Image, side: int) -> Image.Image:
    """Return the photo in shades of grey on white, no side longer than `side`."""
    image.draft("L", (side, side))  # a JPEG is decoded smaller at once
    layered = image.convert("LA")
    layered.thumbnail((side, side))
    grey, opacity = layered.split()
    paper = Image.new("L", grey.size, 255)
    paper.paste(grey, mask=opacity)
    return paper


def main() -> None:
    seconds, memory, most_pixels, side = (int(argument) for argument in sys.argv[1:])
    limit(seconds, memory)
    json.dump(read(sys.stdin.buffer.read(), most_pixels, side), sys.stdout)


if __name__ == "__main__":
    main()
