# Copyright and licence: as Millrace's, see LICENSE (Apache-2.0).
"""Millrace over HTTP: push images, embed images, list encoders. One file; needs Python 3.9 and numpy.

    from millrace import Millrace
    client = Millrace("http://127.0.0.1:8080", token="…")      # of `millrace up` or `millrace dashboard`
    client.push("photos/1.jpg", source="gate3")                # answered when the log has it
    client.label("photos/cat/7.jpg", "cat")                    # to the probe, for scores
    features = client.embed(["a.jpg", "b.jpg"]).features       # 2×D float32, by one encoder

An image is the bytes of a PNG, JPEG, GIF, BMP or WebP file, a path to one, or an array of uint8: H×W, H×W×1, H×W×3 (RGB) or H×W×4
(RGBA), which is sent as PNG. A client may be used by many threads. Connections are kept for a few seconds; close() or `with` ends them.

Reading calls (embed, encoders, run, is_ready) are repeated after 429, 502, 503, 504 and a lost connection. push and label are repeated
only while it is certain that the server took nothing: after 429 and where no connection came about. Otherwise the image may be in the
log, and Uncertain is raised: sending it again may train on it twice.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import random
import socket
import ssl
import struct
import threading
import time
import urllib.parse
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

Image = Union[bytes, bytearray, memoryview, str, "os.PathLike[str]", np.ndarray]

_FRESH_SECONDS = 5.0  # a connection idle for longer is not used again: the server may have closed it
_FORM_BYTES = 8 << 20  # of one request's images, as long as it has more than one
_MAGIC = ((b"\x89PNG", "image/png"), (b"\xff\xd8", "image/jpeg"), (b"GIF8", "image/gif"), (b"BM", "image/bmp"))


class MillraceError(Exception):
    """The server refused a request, or could not be reached. status is None without an answer."""

    def __init__(self, message: str, status: Optional[int] = None):
        super().__init__(message)
        self.status = status


class Uncertain(MillraceError):
    """The image may be in the log or not."""


@dataclass(frozen=True)
class Receipt:
    """Where the log has an image."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True)
class Embedded:
    """Features of images, N×D float32 in their order, and the version of the one encoder that made them."""

    features: np.ndarray
    version: int
    errors: Mapping[int, str] = field(default_factory=dict)
    """Why an image could not be decoded, by its index; its row is NaN. Empty unless embed(…, skip_bad=True)."""


@dataclass(frozen=True)
class Encoder:
    """A published encoder. linear and neighbours are accuracies in [0, 1] on test_images held-out images; None where not scored."""

    version: int
    images: int
    published_at: str
    held: bool
    revoked: bool
    linear: Optional[float]
    neighbours: Optional[float]
    test_images: Optional[int]


@dataclass(frozen=True)
class Run:
    """The run that the server serves, and the version of its current encoder; None while it has none."""

    name: str
    current: Optional[int]
    encoders: Tuple[Encoder, ...]


class Millrace:
    """One server. Thread safe.

    url: of `millrace up` or `millrace dashboard`; a path in it is kept. token: of http.token, where one is set.
    timeout: seconds to connect, and to wait for each part of an answer. attempts: of one request, in all.
    patience: the longest pause between two attempts, in seconds; pauses double from 0.2 s, with jitter, or are Retry-After.
    context: for https, instead of the system's certificates.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        token: Optional[str] = None,
        *,
        timeout: float = 60.0,
        attempts: int = 10,
        patience: float = 30.0,
        context: Optional[ssl.SSLContext] = None,
        sleep: Callable[[float], None] = time.sleep,
    ):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url must be http://HOST:PORT or https://HOST:PORT, but was {url!r}")
        if attempts < 1:
            raise ValueError(f"attempts must be at least 1, but was {attempts}")
        self._parts = parts
        self._prefix = parts.path.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._attempts = attempts
        self._patience = patience
        self._context = context
        self._sleep = sleep
        self._lock = threading.Lock()
        self._idle: List[Tuple[http.client.HTTPConnection, float]] = []  # with the time of its last use

    def __enter__(self) -> "Millrace":
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the idle connections. A later call opens one again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def push(
        self,
        image: Image,
        *,
        id: Optional[str] = None,
        source: Optional[str] = None,
        captured_at: Optional[str] = None,
    ) -> Receipt:
        """Sends one image to the stream and returns when the log has it.

        id: the record's key; of a path, its name unless given. captured_at: ISO-8601 with an offset.
        Raises Uncertain, or MillraceError with status 400 for what is no image, 413 for one that is too large.
        """
        return self._push(image, {"id": id, "source": source, "captured-at": captured_at})

    def label(self, image: Image, label: str, *, id: Optional[str] = None, split: Optional[str] = None) -> Receipt:
        """Sends one labelled image to the probe, on which encoders are scored. split: "train", "test" or "by-hash" (default)."""
        return self._push(image, {"to": "probe", "id": id, "label": label, "split": split})

    def push_all(
        self,
        images: Iterable[Image],
        *,
        threads: int = 4,
        source: Optional[str] = None,
        ids: Optional[Iterable[str]] = None,
    ) -> Iterator[Union[Receipt, MillraceError]]:
        """Sends images by several threads; yields a receipt or the error of each, in order. At most 4 × threads are read ahead."""
        if threads < 1:
            raise ValueError(f"threads must be at least 1, but was {threads}")
        keys: Iterator[Optional[str]] = iter(ids) if ids is not None else iter(lambda: None, 0)

        def one(image: Image, key: Optional[str]) -> Union[Receipt, MillraceError]:
            try:
                return self.push(image, id=key, source=source)
            except MillraceError as e:
                return e

        with ThreadPoolExecutor(threads) as pool:
            waiting = []
            for image, key in zip(images, keys):
                waiting.append(pool.submit(one, image, key))
                if len(waiting) >= 4 * threads:
                    yield waiting.pop(0).result()
            for each in waiting:
                yield each.result()

    def embed(
        self, images: Iterable[Image], *, version: Optional[int] = None, batch: int = 32, skip_bad: bool = False
    ) -> Embedded:
        """Features of images by one encoder: that version, or the one that is current at the first request.

        batch: images of a request, at most. skip_bad: a row of NaN and an entry in errors for an image that does not decode,
        instead of MillraceError with status 400. Status 404: no such encoder; 410: it is revoked.
        """
        if batch < 1:
            raise ValueError(f"batch must be at least 1, but was {batch}")
        rows: List[np.ndarray] = []
        errors: Dict[int, str] = {}
        count = 0
        for files in _batches(images, batch):
            features, version, bad = self._embed(files, version, skip_bad)
            rows.append(features)
            errors.update({count + i: why for i, why in bad.items()})
            count += len(files)
        if version is None:  # no image at all
            return Embedded(np.empty((0, 0), np.float32), self.run().current or 0)
        width = max((part.shape[1] for part in rows), default=0)
        rows = [part if part.shape[1] == width else np.full((len(part), width), np.nan, np.float32) for part in rows]
        return Embedded(np.concatenate(rows) if rows else np.empty((0, 0), np.float32), version, errors)

    def run(self) -> Run:
        """The run of this server."""
        body = self._json("/v1/encoders")
        return Run(body["run"], body.get("current"), tuple(_encoder(one) for one in body["encoders"]))

    def encoders(self) -> Tuple[Encoder, ...]:
        """The published encoders, oldest first, with their scores."""
        return self.run().encoders

    def is_ready(self) -> bool:
        """Whether the server answers, the broker does, and the run's topics have been read. Does not repeat or raise."""
        try:
            return self._once("GET", "/readyz", b"", {})[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def _push(self, image: Image, parameters: Mapping[str, Optional[str]]) -> Receipt:
        given = dict(parameters)
        if given.get("id") is None and isinstance(image, (str, os.PathLike)):
            given["id"] = os.path.basename(os.fspath(image))
        data = to_bytes(image)
        query = urllib.parse.urlencode({name: value for name, value in given.items() if value is not None})
        body = self._request("POST", "/v1/images?" + query, data, {"Content-Type": _type(data)}, reading=False)[1]
        found = json.loads(body)
        return Receipt(found["topic"], found["partition"], found["offset"])

    def _embed(
        self, files: Sequence[bytes], version: Optional[int], skip_bad: bool
    ) -> Tuple[np.ndarray, int, Dict[int, str]]:
        query = "" if version is None else f"?version={version}"
        boundary = uuid.uuid4().hex
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "application/x-npy"}
        try:
            answer, body = self._request("POST", "/v1/embed" + query, _form(files, boundary), headers, reading=True)
        except MillraceError as e:
            if e.status != 400 or not skip_bad:
                raise
            if len(files) == 1:
                known = version if version is not None else self.run().current or 0
                return np.full((1, 0), np.nan, np.float32), known, {0: str(e)}
            parts = []
            for file in files:  # which of them it is
                parts.append(self._embed([file], version, True))
            width = max(part[0].shape[1] for part in parts)
            rows = [p[0] if p[0].shape[1] == width else np.full((1, width), np.nan, np.float32) for p in parts]
            if len({part[1] for part in parts}) > 1:  # another encoder became current meanwhile
                return self._embed(files, parts[-1][1], True)
            return np.concatenate(rows), parts[0][1], {i: p[2][0] for i, p in enumerate(parts) if p[2]}
        features = np.load(io.BytesIO(body), allow_pickle=False)
        if features.shape[0] != len(files):
            raise MillraceError(f"the server sent {features.shape[0]} rows for {len(files)} images")
        return features, int(answer["millrace-encoder-version"]), {}

    def _json(self, path: str) -> Any:
        return json.loads(self._request("GET", path, b"", {}, reading=True)[1])

    def _request(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, reading: bool
    ) -> Tuple[Mapping[str, str], bytes]:
        """The headers (lower case) and body of a success, after as many attempts as it takes."""
        pause = 0.2
        for attempt in range(1, self._attempts + 1):
            last = attempt == self._attempts
            wait: Optional[float] = None
            try:
                status, answer, content = self._once(method, path, body, headers)
            except _NotConnected as e:
                if last:
                    raise MillraceError(f"cannot connect to {self._parts.netloc}: {e}") from e
            except (OSError, http.client.HTTPException) as e:
                if not reading:
                    raise Uncertain(f"the connection to {self._parts.netloc} was lost: {e!r}") from e
                if last:
                    raise MillraceError(f"the connection to {self._parts.netloc} was lost: {e!r}") from e
            else:
                if 200 <= status < 300:
                    return answer, content
                wait = _seconds(answer.get("retry-after"))
                message = f"{method} {path.split('?')[0]}: {status}: {_problem(content)}"
                if not reading and status >= 500:
                    raise Uncertain(message, status)
                if last or not (status == 429 or (reading and status in (502, 503, 504))):
                    raise MillraceError(message, status)
            self._sleep(min(self._patience, wait if wait is not None else pause * random.uniform(0.5, 1.5)))
            pause = min(self._patience, 2 * pause)
        raise AssertionError("unreachable")

    def _once(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Tuple[int, Mapping[str, str], bytes]:
        connection = self._connection()
        sent = {"Accept": "application/json", **headers}
        if self._token:
            sent["Authorization"] = "Bearer " + self._token
        try:
            connection.request(method, self._prefix + path, body if method == "POST" else None, sent)
            response = connection.getresponse()
            content = response.read()
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append((connection, time.monotonic()))
        return response.status, {name.lower(): value for name, value in response.getheaders()}, content

    def _connection(self) -> http.client.HTTPConnection:
        while True:
            with self._lock:
                idle = self._idle.pop() if self._idle else None
            if idle is None:
                return self._new_connection()
            if time.monotonic() - idle[1] < _FRESH_SECONDS:
                return idle[0]
            idle[0].close()

    def _new_connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=self._timeout, context=self._context)
            if self._parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=self._timeout)
        )
        try:
            connection.connect()
        except OSError as e:
            raise _NotConnected(str(e)) from e
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


class _NotConnected(OSError):
    """Nothing was sent."""


def to_bytes(image: Image) -> bytes:
    """The file of an image: bytes as they are, a path's content, an array as PNG."""
    if isinstance(image, np.ndarray):
        return png(image)
    if isinstance(image, (bytes, bytearray, memoryview)):
        return bytes(image)
    with open(image, "rb") as file:
        return file.read()


def png(pixels: np.ndarray) -> bytes:
    """A PNG file of uint8 pixels, H×W or H×W×C with C = 1 (grey), 3 (RGB) or 4 (RGBA)."""
    array = np.asarray(pixels)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise ValueError(
            "an image as an array must be uint8 of the shape H×W, H×W×1, H×W×3 or H×W×4, "
            f"but was {pixels.dtype} of the shape {'×'.join(map(str, pixels.shape))}"
        )
    height, width, channels = array.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # filter 0 before each row
    rows[:, 1:] = array.reshape(height, width * channels)
    colour = {1: 0, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def _type(data: bytes) -> str:
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else "application/octet-stream"


def _batches(images: Iterable[Image], most: int) -> Iterator[List[bytes]]:
    batch: List[bytes] = []
    size = 0
    for image in images:
        data = to_bytes(image)
        if batch and (len(batch) == most or size + len(data) > _FORM_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(data)
        size += len(data)
    if batch:
        yield batch


def _form(files: Sequence[bytes], boundary: str) -> bytes:
    parts = []
    for i, data in enumerate(files):
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{i}"\r\n'
            f"Content-Type: {_type(data)}\r\n\r\n".encode()
        )
        parts += [data, b"\r\n"]
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def _encoder(one: Mapping[str, Any]) -> Encoder:
    scores = one.get("scores") or {}
    return Encoder(
        one["version"],
        one["images"],
        one["publishedAt"],
        one["held"],
        one["revoked"],
        scores.get("linear"),
        scores.get("neighbours"),
        scores.get("testImages"),
    )


def _seconds(header: Optional[str]) -> Optional[float]:
    try:
        return max(0.0, float(header)) if header is not None else None
    except ValueError:  # a date
        return None


def _problem(content: bytes) -> str:
    try:
        body = json.loads(content)
        return str(body.get("error") or body.get("message") or body)
    except (ValueError, AttributeError):
        return content[:200].decode("utf-8", "replace")
