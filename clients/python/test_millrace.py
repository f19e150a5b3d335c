"""Tests of millrace.py against a server in this process that fails as instructed: /usr/bin/python3 -m unittest -v in this folder."""

import io
import json
import re
import threading
import unittest
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from millrace import Millrace, MillraceError, Receipt, Uncertain, png


class Fake(ThreadingHTTPServer):
    """Takes images and embeds them as their length, after the failures that are queued in troubles: a status, or "drop"."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.taken = []
        self.forms = []
        self.paths = []
        self.troubles = []
        self.version = 7
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        encoder = {"version": 7, "step": 7, "images": 70, "bytes": 1, "publishedAt": "t", "held": False, "revoked": False}
        scored = dict(encoder, version=0, scores={"linear": 0.5, "neighbours": 0.25, "testImages": 40})
        self.answer(200, json.dumps({"run": "main", "current": 7, "encoders": [scored, encoder]}).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        with server.lock:
            server.paths.append((self.path, dict(self.headers)))
            trouble = server.troubles.pop(0) if server.troubles else None
        if trouble == "drop":
            self.close_connection = True
            return
        if trouble is not None:
            wait = {"Retry-After": "3"} if trouble == 429 else {}
            self.answer(trouble, b'{"error":"as instructed"}', wait)
        elif self.path.startswith("/v1/images"):
            with server.lock:
                offset = len(server.taken)
                server.taken.append(body)
            self.answer(201, json.dumps({"status": 201, "topic": "images", "partition": 0, "offset": offset}).encode())
        else:
            boundary = b"--" + re.search("boundary=(.*)", self.headers["Content-Type"]).group(1).encode()
            files = [part.split(b"\r\n\r\n", 1)[1][:-2] for part in body.split(boundary)[1:-1]]
            with server.lock:
                server.forms.append(len(files))
            if b"bad" in files:
                self.answer(400, b'{"error":"no image"}')
                return
            out = io.BytesIO()
            np.save(out, np.array([[len(f), zlib.crc32(f) % 1000] for f in files], np.float32))
            self.answer(200, out.getvalue(), {"Millrace-Encoder-Version": str(server.version)})

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class MillraceTest(unittest.TestCase):
    def setUp(self):
        self.server = Fake()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.slept = []
        self.client = Millrace(self.server.url, token="secret", attempts=4, sleep=self.slept.append)
        self.addCleanup(self.client.close)

    def test_push_gives_the_receipt_and_sends_what_was_given(self):
        receipt = self.client.push(b"\xff\xd8jpeg", id="a b", source="gate", captured_at="2026-01-01T00:00:00Z")
        self.assertEqual(receipt, Receipt("images", 0, 0))
        path, headers = self.server.paths[0]
        self.assertEqual(path, "/v1/images?id=a+b&source=gate&captured-at=2026-01-01T00%3A00%3A00Z")
        self.assertEqual(headers["Content-Type"], "image/jpeg")
        self.assertEqual(headers["Authorization"], "Bearer secret")
        self.client.label(np.zeros((2, 3), np.uint8), "cat", split="test")
        self.assertEqual(self.server.paths[1][0], "/v1/images?to=probe&label=cat&split=test")
        self.assertTrue(self.server.taken[1].startswith(b"\x89PNG"))

    def test_push_waits_as_long_as_the_server_says_and_sends_again(self):
        self.server.troubles = [429, 429]
        self.assertEqual(self.client.push(b"x").offset, 0)
        self.assertEqual(self.slept, [3.0, 3.0])
        self.assertEqual(len(self.server.taken), 1)

    def test_push_is_not_repeated_where_the_image_may_be_in_the_log(self):
        for trouble in (503, "drop"):
            self.server.troubles = [trouble]
            with self.assertRaises(Uncertain):
                self.client.push(b"x")
        self.assertEqual((self.server.taken, self.slept), ([], []))

    def test_refusal_is_an_error_with_its_status_and_words(self):
        self.server.troubles = [413]
        with self.assertRaises(MillraceError) as caught:
            self.client.push(b"x")
        self.assertEqual(caught.exception.status, 413)
        self.assertIn("as instructed", str(caught.exception))
        self.assertNotIsInstance(caught.exception, Uncertain)
        self.server.troubles = [429] * 4
        with self.assertRaises(MillraceError) as caught:
            self.client.push(b"x")
        self.assertEqual(caught.exception.status, 429)

    def test_push_to_nobody_is_tried_again_then_said(self):
        nobody = Millrace("http://127.0.0.1:9", attempts=3, sleep=self.slept.append)
        with self.assertRaises(MillraceError) as caught:
            nobody.push(b"x")
        self.assertNotIsInstance(caught.exception, Uncertain)
        self.assertEqual(len(self.slept), 2)
        self.assertFalse(nobody.is_ready())

    def test_push_all_by_several_threads_keeps_the_order_and_loses_nothing(self):
        files = [b"%d" % i for i in range(500)]
        self.server.troubles = [429] * 50
        with Millrace(self.server.url, attempts=60, sleep=lambda s: None) as client:
            receipts = list(client.push_all(iter(files), threads=8))
        self.assertEqual([self.server.taken[receipt.offset] for receipt in receipts], files)
        self.assertEqual(len(self.server.taken), 500)

    def test_embed_in_batches_is_by_one_encoder_and_repeated(self):
        self.server.troubles = [503, "drop"]
        files = [b"a" * (i + 1) for i in range(70)]
        made = self.client.embed(files, batch=32)
        self.assertEqual(made.features.shape, (70, 2))
        self.assertEqual(made.features.dtype, np.float32)
        self.assertEqual(list(made.features[:, 0]), list(range(1, 71)))
        self.assertEqual(made.version, 7)
        self.assertEqual(self.server.forms, [32, 32, 6])
        self.assertEqual([p for p, _ in self.server.paths[2:]], ["/v1/embed"] + ["/v1/embed?version=7"] * 2)

    def test_embed_bad_image_raises_or_is_named(self):
        files = [b"good", b"bad", b"fine!"]
        with self.assertRaises(MillraceError):
            self.client.embed(files)
        made = self.client.embed(files, skip_bad=True)
        self.assertEqual(list(made.features[[0, 2], 0]), [4, 5])
        self.assertTrue(np.isnan(made.features[1]).all())
        self.assertIn("no image", made.errors[1])
        self.assertEqual(self.client.embed([]).features.shape, (0, 0))

    def test_run_lists_encoders_with_scores(self):
        run = self.client.run()
        self.assertEqual((run.name, run.current), ("main", 7))
        self.assertEqual([e.version for e in self.client.encoders()], [0, 7])
        self.assertEqual((run.encoders[0].linear, run.encoders[0].test_images), (0.5, 40))
        self.assertIsNone(run.encoders[1].linear)
        self.assertTrue(self.client.is_ready())

    def test_png_has_the_pixels(self):
        for shape in ((3, 5), (3, 5, 1), (3, 5, 3), (3, 5, 4)):
            pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
            file = png(pixels)
            width, height = int.from_bytes(file[16:20], "big"), int.from_bytes(file[20:24], "big")
            self.assertEqual((width, height), (5, 3))
            start = file.index(b"IDAT")
            length = int.from_bytes(file[start - 4 : start], "big")
            rows = np.frombuffer(zlib.decompress(file[start + 4 : start + 4 + length]), np.uint8).reshape(3, -1)
            self.assertTrue((rows[:, 1:] == pixels.reshape(3, -1)).all())
        for wrong in (np.zeros((3, 5)), np.zeros((3, 5, 2), np.uint8), np.zeros((0, 5), np.uint8)):
            with self.assertRaises(ValueError):
                png(wrong)


if __name__ == "__main__":
    unittest.main()
