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
        String path = any(HttpVocabulary.PATHS, random);
        String method = random.nextInt(8) == 0 || wild
                ? any(HttpVocabulary.METHODS, random)
                : HttpVocabulary.POSTED.contains(path) ? "POST" : "GET";
        write(
                out,
                method + " " + bent(path, random) + query(random) + " "
                        + (wild ? any(HttpVocabulary.VERSIONS, random) : "HTTP/1.1") + "\r\n");
        write(out, random.nextInt(20) == 0 ? "" : "Host: localhost\r\n");
        write(out, "Connection: close\r\n");
        byte[] body = method.equals("GET") && !wild ? new byte[0] : body(random, out);
        for (int i = random.nextInt(wild ? 12 : 2); i > 0; i--) {
            write(
                    out,
                    any(HttpVocabulary.HEADERS, random) + (random.nextInt(40) == 0 ? " " : "") + ": " + value(random)
                            + "\r\n");
        }
        frame(out, body, random, wild);
        return wild && random.nextInt(4) == 0 ? damaged(out.toByteArray(), random) : out.toByteArray();
    }

    private static String bent(String path, SplittableRandom random) {
        return random.nextInt(6) == 0
                ? path + any(HttpVocabulary.BENDS, random)
                : random.nextInt(40) == 0 ? any(HttpVocabulary.BENDS, random) + path : path;
    }

    private static String query(SplittableRandom random) {
        StringBuilder query = new StringBuilder(random.nextInt(4) == 0 ? "?" : "");
        for (int i = query.isEmpty() ? 0 : 1 + random.nextInt(2); i > 0; i--) {
            query.append(any(HttpVocabulary.NAMES, random))
                    .append(random.nextInt(8) == 0 ? "" : "=")
                    .append(value(random))
                    .append('&');
        }
        return query.toString().replace(' ', '+');
    }

    private static String value(SplittableRandom random) {
        return switch (random.nextInt(12)) {
            case 0 -> any(HttpVocabulary.VALUES, random).repeat(1 + random.nextInt(200));
            case 1 -> any(HttpVocabulary.VALUES, random) + any(HttpVocabulary.VALUES, random);
            case 2 -> String.valueOf(random.nextLong());
            default -> any(HttpVocabulary.VALUES, random);
        };
    }

    private byte[] body(SplittableRandom random, ByteArrayOutputStream head) {
        return switch (random.nextInt(6)) {
            case 0 -> any(HttpVocabulary.DOCUMENTS, random).getBytes(StandardCharsets.UTF_8);
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
