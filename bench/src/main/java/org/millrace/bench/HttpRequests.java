package org.millrace.bench;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Requests as no sane client sends them: any method, path, parameters, headers, framing and body, each of them also right at times, so
 * that routes are reached. A request is a pure function of seed and number. Thread safe.
 */
final class HttpRequests {
    private static final List<String> METHODS = List.of(
            "GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE",
            "CONNECT", "QUERY", "get", "X");
    private static final List<String> PATHS = List.of(
            "/",
            "/v1/images",
            "/v1/images",
            "/v1/images",
            "/v1/embed",
            "/v1/embed",
            "/v1/encoders",
            "/v1/openapi.json",
            "/healthz",
            "/readyz",
            "/metrics",
            "/dashboard",
            "/dashboard/page/index.html",
            "/dashboard/page/{file}",
            "/dashboard/state",
            "/dashboard/events",
            "/dashboard/recent",
            "/dashboard/map",
            "/dashboard/picture",
            "/dashboard/neighbours",
            "/dashboard/acknowledge",
            "/nowhere");
    private static final List<String> POSTED =
            List.of("/v1/images", "/v1/embed", "/dashboard/neighbours", "/dashboard/acknowledge");
    private static final List<String> BENDS = List.of(
            "/",
            "//",
            "/.",
            "/..",
            "/../healthz",
            "/%2e%2e/",
            "/%00",
            "/%zz",
            "/%ff",
            ";a=b",
            ";",
            "/\u00e9",
            "\\",
            "/%2f",
            "#x",
            " ",
            "%",
            "/{x}",
            "/*");
    private static final List<String> NAMES = List.of(
            "id",
            "source",
            "label",
            "lable",
            "captured-at",
            "split",
            "to",
            "version",
            "versions",
            "image",
            "token",
            "x",
            "",
            "%",
            "%ff",
            "__proto__");
    private static final List<String> VALUES = List.of(
            "",
            "0",
            "1",
            "-1",
            "a",
            "test",
            "probe",
            "images",
            "2026-05-01T12:00:00Z",
            "+999999999-12-31T23:59:59Z",
            "99999999999999999999",
            "1e309",
            "NaN",
            "null",
            "true",
            "[]",
            "{}",
            "%",
            "%0",
            "%zz",
            "%00",
            "%0a",
            "%ff",
            "%f0%9f%98%80",
            "%ed%a0%80",
            "+",
            "a,b,,",
            "0,1,2,3",
            "../../etc/passwd",
            "<script>",
            "'\"",
            "\u00ff",
            "\t",
            "*/*",
            "*",
            ";",
            ",",
            "=",
            "a=b; c",
            "bytes=0-0,-1",
            "W/\"x\"",
            "\"",
            "q=0",
            "gzip, deflate;q=2",
            "gzip;q=x",
            "chunked",
            "identity",
            "close",
            "keep-alive, upgrade",
            "websocket",
            "h2c",
            "100-continue",
            "trailers",
            "image/jpeg; charset=binary",
            "image/png;charset=\"",
            "image/",
            "/",
            "application/json; charset=utf-7",
            "text/plain;charset=no-such",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"",
            "multipart/form-data; boundary=XX; charset=x",
            "application/x-www-form-urlencoded",
            "text/event-stream",
            "application/x-npy",
            "application/octet-stream;q=0.5",
            "same-origin",
            "cross-site",
            "http://evil.example",
            "null",
            "Bearer ",
            "Bearer x",
            "Basic AAAA",
            "127.0.0.1",
            "for=\"[::1]\"",
            "Thu, 01 Jan 1970 00:00:00 GMT");
    private static final List<String> HEADERS = List.of(
            "Content-Type",
            "Content-Type",
            "Content-Type",
            "Accept",
            "Accept",
            "Accept-Encoding",
            "Accept-Charset",
            "Accept-Language",
            "Authorization",
            "Cookie",
            "Origin",
            "Sec-Fetch-Site",
            "Sec-Fetch-Mode",
            "Sec-Fetch-Dest",
            "Range",
            "If-Range",
            "If-None-Match",
            "If-Modified-Since",
            "If-Match",
            "Transfer-Encoding",
            "Content-Encoding",
            "Content-Length",
            "Content-Range",
            "Content-MD5",
            "Expect",
            "Upgrade",
            "Connection",
            "HTTP2-Settings",
            "TE",
            "Trailer",
            "Last-Event-ID",
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "X-Forwarded-Host",
            "Forwarded",
            "Via",
            "Referer",
            "User-Agent",
            "X-HTTP-Method-Override",
            "Millrace-Id",
            "Millrace-Label",
            "Millrace-Lable",
            "Millrace-To",
            "Millrace-Captured-At",
            "Date",
            "Max-Forwards",
            "Cache-Control",
            "Pragma",
            "Host",
            "X",
            "\u00fc",
            "a b",
            "");
    private static final List<String> DOCUMENTS = List.of(
            "null",
            "{}",
            "[]",
            "1",
            "\"\"",
            "{\"source\":null}",
            "{\"source\":\"a\",\"note\":1e999}",
            "{\"source\":{\"a\":[]}}",
            "{\"note\":\"\\u0000\"}",
            "{",
            "[".repeat(5000),
            "\ufeff{}",
            "{\"source\":\"a\",\"source\":\"b\"}");
    private static final List<String> VERSIONS = List.of(
            "HTTP/1.1",
            "HTTP/1.1",
            "HTTP/1.1",
            "HTTP/1.1",
            "HTTP/1.1",
            "HTTP/1.1",
            "HTTP/1.0",
            "HTTP/0.9",
            "HTTP/2.0",
            "HTTP/9",
            "");

    private final long seed;
    private final byte[] image;

    /** @param image that the server can read */
    HttpRequests(long seed, byte[] image) {
        this.seed = seed;
        this.image = image;
    }

    /** What to write to a connection before its output is closed. */
    byte[] request(int number) {
        var random = new SplittableRandom(seed * 0x9e3779b97f4a7c15L + number);
        var out = new ByteArrayOutputStream();
        boolean wild = random.nextInt(4) == 0; // the others are sound but for one thing
        String path = any(PATHS, random);
        String method = random.nextInt(8) == 0 || wild ? any(METHODS, random) : POSTED.contains(path) ? "POST" : "GET";
        write(
                out,
                method + " " + bent(path, random) + query(random) + " " + (wild ? any(VERSIONS, random) : "HTTP/1.1")
                        + "\r\n");
        write(out, random.nextInt(20) == 0 ? "" : "Host: localhost\r\n");
        write(out, "Connection: close\r\n");
        byte[] body = method.equals("GET") && !wild ? new byte[0] : body(random, out);
        for (int i = random.nextInt(wild ? 12 : 2); i > 0; i--) {
            write(out, any(HEADERS, random) + (random.nextInt(40) == 0 ? " " : "") + ": " + value(random) + "\r\n");
        }
        frame(out, body, random, wild);
        return wild && random.nextInt(4) == 0 ? damaged(out.toByteArray(), random) : out.toByteArray();
    }

    private static String bent(String path, SplittableRandom random) {
        return random.nextInt(6) == 0
                ? path + any(BENDS, random)
                : random.nextInt(40) == 0 ? any(BENDS, random) + path : path;
    }

    private static String query(SplittableRandom random) {
        StringBuilder query = new StringBuilder(random.nextInt(4) == 0 ? "?" : "");
        for (int i = query.isEmpty() ? 0 : 1 + random.nextInt(2); i > 0; i--) {
            query.append(any(NAMES, random))
                    .append(random.nextInt(8) == 0 ? "" : "=")
                    .append(value(random))
                    .append('&');
        }
        return query.toString().replace(' ', '+');
    }

    private static String value(SplittableRandom random) {
        return switch (random.nextInt(12)) {
            case 0 -> any(VALUES, random).repeat(1 + random.nextInt(200));
            case 1 -> any(VALUES, random) + any(VALUES, random);
            case 2 -> String.valueOf(random.nextLong());
            default -> any(VALUES, random);
        };
    }

    private byte[] body(SplittableRandom random, ByteArrayOutputStream head) {
        return switch (random.nextInt(6)) {
            case 0 -> any(DOCUMENTS, random).getBytes(StandardCharsets.UTF_8);
            case 1 -> {
                write(head, "Content-Type: multipart/form-data; boundary=XX\r\n");
                yield form(random);
            }
            case 2 -> random.nextInt(3) == 0 ? new byte[random.nextInt(200_000)] : new byte[0];
            case 3 -> damaged(image, random);
            default -> {
                write(head, random.nextBoolean() ? "Content-Type: image/png\r\n" : "");
                yield image;
            }
        };
    }

    private byte[] form(SplittableRandom random) {
        var form = new ByteArrayOutputStream();
        for (int i = random.nextInt(5); i > 0; i--) {
            write(form, "--XX\r\nContent-Disposition: form-data; name=\"" + value(random) + "\"");
            write(form, random.nextInt(5) == 0 ? "" : "; filename=\"" + value(random) + "\"");
            write(form, random.nextInt(3) == 0 ? "\r\nContent-Type: " + value(random) : "");
            write(form, "\r\n\r\n");
            form.writeBytes(random.nextInt(3) == 0 ? damaged(image, random) : image);
            write(form, "\r\n");
        }
        write(form, random.nextInt(4) == 0 ? "--XX" : "--XX--\r\n");
        return random.nextInt(4) == 0 ? damaged(form.toByteArray(), random) : form.toByteArray();
    }

    private static void frame(ByteArrayOutputStream out, byte[] body, SplittableRandom random, boolean wild) {
        int kind = random.nextInt(wild ? 6 : 3);
        if (body.length == 0 && kind < 3) {
            write(out, "Content-Length: 0\r\n\r\n");
        } else if (kind < 2) {
            write(out, "Content-Length: " + body.length + "\r\n\r\n");
            out.writeBytes(body);
        } else if (kind == 2) {
            write(out, "Transfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(body.length) + "\r\n");
            out.writeBytes(body);
            write(out, "\r\n0\r\n\r\n");
        } else if (kind == 3) { // more announced than comes, or less
            write(out, "Content-Length: " + (body.length + random.nextInt(200_000_000) - 1000) + "\r\n\r\n");
            out.writeBytes(body);
        } else if (kind == 4) {
            write(
                    out,
                    "Transfer-Encoding: chunked\r\n\r\n"
                            + any(List.of("-1", "ffffffffffffffff", "zz", "", "7fffffff", "1;x=\""), random) + "\r\n");
            out.writeBytes(body);
        } else {
            write(out, "Transfer-Encoding: gzip, chunked\r\nContent-Length: 1\r\n\r\n");
            out.writeBytes(body);
        }
    }

    private static byte[] damaged(byte[] bytes, SplittableRandom random) {
        byte[] damaged = bytes.clone();
        for (int i = damaged.length == 0 ? 0 : 1 + random.nextInt(4); i > 0; i--) {
            damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
        }
        return random.nextBoolean() ? damaged : java.util.Arrays.copyOf(damaged, random.nextInt(damaged.length + 1));
    }

    private static void write(ByteArrayOutputStream out, String text) {
        out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String any(List<String> list, SplittableRandom random) {
        return list.get(random.nextInt(list.size()));
    }
}
