#!/usr/bin/env python3
"""Writes the odd images of OddImagesTest and what Pillow reads of them.

  encoder/src/test/python/odd_images.py encoder/src/test/resources/odd.zip

The zip holds the files and expected.csv: name, tolerance, width, height, then R G B of five pixels and the three means,
of Image.open(file).convert("RGB"). Needs Pillow and numpy; run by hand when a kind is added, and the zip is committed.
Pillow's own reading of 16-bit grey clips instead of scaling in old versions: there the upper byte is expected, as libpng
strips 16 bits and as newer versions do.
"""
import io
import struct
import sys
import zipfile
import zlib

import numpy
from PIL import Image, ImageCms

LOSSY = 4
LOSSY_WEBP = 9  # our decoder repeats chroma, libwebp interpolates it: up to 8 apart where colours change within two pixels
files = {}


def picture(width, height):
    """A smooth picture of many colours, so that lossy formats keep it."""
    y, x = numpy.mgrid[0:height, 0:width].astype(float)
    red = 128 + 100 * numpy.sin(x / 9)
    green = 128 + 100 * numpy.cos(y / 7)
    blue = 255 * (x + y) / (width + height)
    return Image.fromarray(numpy.stack([red, green, blue], 2).astype("uint8"), "RGB")


def add(name, data, tolerance=0, expected=None):
    files[name] = (data, tolerance, expected)


def saved(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def segments(jpeg):
    """(code, bytes with marker) up to the scan, then (None, rest)."""
    at = 2
    while jpeg[at + 1] != 0xDA:
        length = struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        yield jpeg[at + 1], jpeg[at:at + 2 + length]
        at += 2 + length
    yield None, jpeg[at:]


def remade(jpeg, drop=(), ids=None, extra=b""):
    """Without the segments of some codes, with other component ids, and others put in front."""
    out = b"\xff\xd8" + extra
    for code, part in segments(jpeg):
        if code in drop:
            continue
        part = bytearray(part)
        if ids and code is not None and 0xC0 <= code <= 0xC2:
            for i, one in enumerate(ids):
                part[10 + 3 * i] = one
        if ids and code is None:
            for i, one in enumerate(ids):
                part[5 + 2 * i] = one
        out += bytes(part)
    return out


def adobe(transform):
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])


def swapped_profile():
    """sRGB with the columns of red and green exchanged: legal, and wrong for these pixels."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data = bytes(data)
    return data.replace(b"rXYZ", b"tmpX", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"tmpX", b"gXYZ", 1)


def jpegs(base, grey):
    for subsampling in (0, 1, 2):
        for progressive in (False, True):
            add(f"jpeg-sub{subsampling}-{'progressive' if progressive else 'baseline'}.jpg",
                saved(base, "JPEG", quality=92, subsampling=subsampling, progressive=progressive), LOSSY)
    add("jpeg-411.jpg", saved(base, "JPEG", quality=92, subsampling="4:1:1"), LOSSY)
    add("jpeg-quality100.jpg", saved(base, "JPEG", quality=100, subsampling=0), LOSSY)
    add("jpeg-quality30.jpg", saved(base, "JPEG", quality=30, subsampling=0), LOSSY)
    add("jpeg-grey.jpg", saved(grey, "JPEG", quality=92), LOSSY)
    add("jpeg-grey-progressive.jpg", saved(grey, "JPEG", quality=92, progressive=True), LOSSY)
    add("jpeg-odd-size.jpg", saved(picture(37, 23), "JPEG", quality=92, subsampling=0), LOSSY)
    add("jpeg-one-pixel.jpg", saved(picture(1, 1), "JPEG", quality=92), LOSSY)
    add("jpeg-narrow.jpg", saved(picture(3, 80), "JPEG", quality=92, subsampling=0), LOSSY)
    add("jpeg-comment.jpg", saved(base, "JPEG", quality=92, subsampling=0, comment=b"a word"), LOSSY)
    exif = Image.Exif()
    exif[0x0112] = 6
    add("jpeg-exif-orientation.jpg", saved(base, "JPEG", quality=92, subsampling=0, exif=exif), LOSSY)
    add("jpeg-exif-only.jpg", remade(saved(base, "JPEG", quality=92, subsampling=0, exif=exif), drop=(0xE0,)), LOSSY)
    add("jpeg-icc-srgb.jpg", saved(base, "JPEG", quality=92, subsampling=0,
                                   icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()), LOSSY)
    add("jpeg-icc-swapped.jpg", saved(base, "JPEG", quality=92, subsampling=0, icc_profile=swapped_profile()), LOSSY)
    add("jpeg-icc-lab.jpg", saved(base, "JPEG", quality=92, subsampling=0,
                                  icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()), LOSSY)
    add("jpeg-icc-rubbish.jpg", saved(base, "JPEG", quality=92, subsampling=0, icc_profile=b"rubbish" * 9), LOSSY)
    add("jpeg-icc-on-grey.jpg", saved(grey, "JPEG", quality=92,
                                      icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()), LOSSY)
    for subsampling in (0, 2):
        plain = saved(base, "JPEG", quality=92, subsampling=subsampling)
        for ids in ((1, 2, 3), (0, 1, 2), (82, 71, 66), (7, 8, 9), (1, 34, 35), (89, 67, 99)):
            add(f"jpeg-sub{subsampling}-ids-{'-'.join(map(str, ids))}.jpg", remade(plain, (0xE0,), ids), LOSSY)
            add(f"jpeg-sub{subsampling}-jfif-ids-{'-'.join(map(str, ids))}.jpg", remade(plain, (), ids), LOSSY)
        for transform in (0, 1, 2, 9):
            add(f"jpeg-sub{subsampling}-adobe{transform}.jpg", remade(plain, (0xE0,), None, adobe(transform)), LOSSY)
            add(f"jpeg-sub{subsampling}-jfif-adobe{transform}.jpg", remade(plain, (), None, adobe(transform)), LOSSY)
        cmyk = saved(base.convert("CMYK"), "JPEG", quality=92, subsampling=subsampling)
        for transform in (0, 1, 2):
            add(f"jpeg-sub{subsampling}-cmyk-adobe{transform}.jpg", remade(cmyk, (0xEE,), None, adobe(transform)), LOSSY)
        add(f"jpeg-sub{subsampling}-cmyk-no-marker.jpg", remade(cmyk, (0xEE,)), LOSSY)
    add("jpeg-fill-bytes.jpg", saved(base, "JPEG", quality=92, subsampling=0).replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1), LOSSY)
    add("jpeg-bytes-behind.jpg", saved(base, "JPEG", quality=92, subsampling=0) + b"more" * 30, LOSSY)
    add("jpeg-restarts.jpg", saved(base, "JPEG", quality=92, subsampling=0, restart_marker_blocks=3), LOSSY)


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, depth, colour, rows, before=b"", interlace=0):
    """A PNG from rows of packed bytes, each without its filter."""
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def pngs(base, grey):
    width, height = base.size
    rgba = base.copy()
    rgba.putalpha(grey)
    grey_alpha = Image.merge("LA", (grey, grey.point(lambda v: 255 - v)))
    palette = base.quantize(200)
    add("png-rgb.png", saved(base, "PNG"))
    add("png-rgba.png", saved(rgba, "PNG"))
    add("png-grey.png", saved(grey, "PNG"))
    add("png-grey-alpha.png", saved(grey_alpha, "PNG"))
    add("png-black-and-white.png", saved(grey.convert("1"), "PNG"))
    for bits in (1, 2, 4, 8):
        few = base.quantize(1 << bits)
        add(f"png-palette-{bits}.png", saved(few, "PNG", bits=bits))
        add(f"png-palette-{bits}-transparent.png", saved(few, "PNG", bits=bits, transparency=1))
    add("png-palette-alphas.png", saved(palette, "PNG", transparency=bytes(range(0, 200))))
    for bits in (2, 4):
        step = 255 // ((1 << bits) - 1)
        values = numpy.asarray(grey) // (256 >> bits)
        per_byte = 8 // bits
        packed = numpy.zeros((height, width // per_byte), "uint8")
        for i in range(per_byte):
            packed |= (values[:, i::per_byte] << (8 - bits * (i + 1))).astype("uint8")
        add(f"png-grey-{bits}-bit.png", png(width, height, bits, 0, [row.tobytes() for row in packed]), 0,
            Image.fromarray((values * step).astype("uint8")).convert("RGB"))
    deep = (numpy.asarray(base).astype(">u2") * 257 + 100).astype(">u2")
    upper = Image.fromarray((deep >> 8).astype("uint8"))
    add("png-rgb-16.png", png(width, height, 16, 2, [row.tobytes() for row in deep]), 0, upper)
    alpha = numpy.concatenate([deep, deep[:, :, :1]], 2).astype(">u2")
    add("png-rgba-16.png", png(width, height, 16, 6, [row.tobytes() for row in alpha]), 0, upper)
    add("png-grey-16.png", png(width, height, 16, 0, [row.tobytes() for row in deep[:, :, 0]]), 0,
        upper.getchannel(0).convert("RGB"))
    add("png-grey-alpha-16.png", png(width, height, 16, 4, [row.tobytes() for row in deep[:, :, :2]]), 0,
        upper.getchannel(0).convert("RGB"))
    add("png-gamma.png", png(width, height, 8, 2, [row.tobytes() for row in numpy.asarray(base)],
                             chunk(b"gAMA", struct.pack(">I", 100000))))
    add("png-rgb-transparent-colour.png", saved(base, "PNG", transparency=(128, 228, 0)))
    add("png-grey-transparent-value.png", saved(grey, "PNG", transparency=128))
    add("png-icc-swapped.png", saved(base, "PNG", icc_profile=swapped_profile()))
    add("png-icc-on-grey.png", saved(grey, "PNG", icc_profile=swapped_profile()))
    add("png-icc-rubbish.png", png(width, height, 8, 2, [row.tobytes() for row in numpy.asarray(base)],
                                   chunk(b"iCCP", b"name\0\0rubbish")), 0, base)
    add("png-odd-size.png", saved(picture(37, 23), "PNG"))
    add("png-one-pixel.png", saved(picture(1, 1), "PNG"))


def gifs(base, grey):
    add("gif-colour.gif", saved(base.quantize(255), "GIF"))
    add("gif-grey.gif", saved(grey, "GIF"))
    add("gif-two-colours.gif", saved(grey.convert("1"), "GIF"))
    add("gif-interlaced.gif", saved(base.quantize(64), "GIF", interlace=1))
    add("gif-transparent.gif", saved(base.quantize(64), "GIF", transparency=3))
    add("gif-animated.gif", saved(base.quantize(64), "GIF", save_all=True,
                                  append_images=[base.rotate(90).resize(base.size).quantize(64)]))
    small = saved(picture(24, 16).quantize(32), "GIF")
    screen = bytearray(small)
    screen[6:10] = struct.pack("<HH", 40, 30)
    add("gif-frame-smaller-than-screen.gif", bytes(screen))
    at = bytes(small).index(b",\0\0\0\0", 13)
    moved = bytearray(screen)
    moved[at + 1:at + 5] = struct.pack("<HH", 5, 7)
    add("gif-frame-moved.gif", bytes(moved))
    larger = bytearray(small)
    larger[6:10] = struct.pack("<HH", 10, 10)
    add("gif-frame-larger-than-screen.gif", bytes(larger))


def bmp(width, height, bits, compression, pixels, palette=b"", masks=b"", header=40, extra=b""):
    offset = 14 + header + len(masks) + len(palette) + len(extra)
    if header == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        head = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(pixels), 0, 0, 0, 0)
        head += b"\0" * (header - 40)
    return b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + head + masks + palette + extra + pixels


def bmps(base, grey):
    width, height = base.size
    rgb = numpy.asarray(base)
    upside = rgb[::-1]
    add("bmp-rgb.bmp", saved(base, "BMP"))
    add("bmp-grey.bmp", saved(grey, "BMP"))
    add("bmp-palette.bmp", saved(base.quantize(200), "BMP"))
    add("bmp-black-and-white.bmp", saved(grey.convert("1"), "BMP"))
    add("bmp-odd-size.bmp", saved(picture(37, 23), "BMP"))
    bgr0 = numpy.concatenate([upside[:, :, ::-1], numpy.zeros((height, width, 1), "uint8")], 2)
    add("bmp-32.bmp", bmp(width, height, 32, 0, bgr0.tobytes()))
    add("bmp-32-masks.bmp", bmp(width, height, 32, 3, bgr0.tobytes(), masks=struct.pack("<III", 0xFF0000, 0xFF00, 0xFF)))
    top = numpy.ascontiguousarray(rgb[:, :, ::-1])
    add("bmp-top-down.bmp", bmp(width, -height, 24, 0, top.tobytes()))
    add("bmp-os2.bmp", bmp(width, height, 24, 0, upside[:, :, ::-1].tobytes(), header=12))
    add("bmp-gap-before-pixels.bmp", bmp(width, height, 24, 0, upside[:, :, ::-1].tobytes(), extra=b"gap." * 5))
    add("bmp-v5.bmp", bmp(width, height, 24, 0, upside[:, :, ::-1].tobytes(), header=124))
    five = ((upside[:, :, 0] >> 3).astype("<u2") << 10) | ((upside[:, :, 1] >> 3).astype("<u2") << 5) | (upside[:, :, 2] >> 3)
    add("bmp-16-555.bmp", bmp(width, height, 16, 0, five.astype("<u2").tobytes()))
    six = ((upside[:, :, 0] >> 3).astype("<u2") << 11) | ((upside[:, :, 1] >> 2).astype("<u2") << 5) | (upside[:, :, 2] >> 3)
    add("bmp-16-565.bmp", bmp(width, height, 16, 3, six.astype("<u2").tobytes(),
                              masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)))
    levels = b"".join(bytes([i, 255 - i, i // 2, 0]) for i in range(256))
    values = numpy.asarray(grey)[::-1]
    runs = b""
    for row in values:
        for value in row:
            runs += bytes([1, value])
        runs += b"\0\0"
    add("bmp-runs-of-8-bits.bmp", bmp(width, height, 8, 1, runs + b"\0\1", palette=levels))
    nibbles = values >> 4
    packed = (nibbles[:, 0::2] << 4) | nibbles[:, 1::2]
    add("bmp-4-bits.bmp", bmp(width, height, 4, 0, packed.tobytes(), palette=levels[::16][:64].ljust(64, b"\0")))


def webps(base, grey):
    rgba = base.copy()
    rgba.putalpha(grey.point(lambda v: max(1, v)))
    for quality in (40, 80, 100):
        add(f"webp-lossy-{quality}.webp", saved(base, "WEBP", quality=quality), LOSSY_WEBP)
    add("webp-lossless.webp", saved(base, "WEBP", lossless=True))
    add("webp-lossless-alpha.webp", saved(rgba, "WEBP", lossless=True, exact=True))
    add("webp-lossy-alpha.webp", saved(rgba, "WEBP", quality=90, exact=True), LOSSY_WEBP)
    add("webp-grey.webp", saved(grey.convert("RGB"), "WEBP", lossless=True))
    add("webp-palette.webp", saved(base.quantize(9).convert("RGB"), "WEBP", lossless=True))
    add("webp-icc-swapped.webp", saved(base, "WEBP", lossless=True, icc_profile=swapped_profile()))
    add("webp-icc-rubbish.webp", saved(base, "WEBP", lossless=True, icc_profile=b"rubbish" * 9))
    add("webp-exif.webp", saved(base, "WEBP", lossless=True, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"))
    add("webp-animated.webp", saved(base, "WEBP", lossless=True, save_all=True, append_images=[picture(*base.size).rotate(180)]))
    add("webp-odd-size.webp", saved(picture(37, 23), "WEBP", quality=90), LOSSY_WEBP)
    add("webp-one-pixel.webp", saved(picture(1, 1), "WEBP", lossless=True))


def main(path):
    base = picture(48, 32)
    grey = base.convert("L")
    jpegs(base, grey)
    pngs(base, grey)
    gifs(base, grey)
    bmps(base, grey)
    webps(base, grey)
    lines = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        def put(name, data):
            out.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)  # no time of day
        for name, (data, tolerance, expected) in sorted(files.items()):
            if expected is None:
                expected = Image.open(io.BytesIO(data)).convert("RGB")
            pixels = numpy.asarray(expected)
            height, width = pixels.shape[:2]
            points = [(0, 0), (width // 3, height // 3), (width // 2, height // 2), (width - 1, height - 1), (width - 1, 0)]
            values = [v for x, y in points for v in pixels[y, x]]
            means = [f"{v:.2f}" for v in pixels.reshape(-1, 3).mean(0)]
            lines.append(",".join(map(str, [name, tolerance, width, height, *values, *means])))
            put(name, data)
        put("expected.csv", "\n".join(lines) + "\n")
    print(f"{len(lines)} files, {sum(len(f[0]) for f in files.values())} bytes")


main(sys.argv[1])
