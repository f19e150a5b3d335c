package org.millrace.bench;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sends {@link HttpRequests} to a server, a share of them slowly, while an honest client pushes an image and a health check asks, each
 * several times a second. Everything about a server is seen from outside.
 */
final class HttpFuzz {
    private static final int CLIENTS = 8;
    private static final int SLOW_CLIENTS = 300;
    /** Slow clients come from here, so that their share is not the honest client's. */
    private static final String SLOW_ADDRESS = "127.0.0.2";

    /** A slow client sends a part of its request at once and a byte every so often, until it is cut off or has sent so many. */
    private static final long SLOW_MILLIS = 3_000;

    private static final int SLOW_BYTES = 6;
    private static final int STUCK_MILLIS = 120_000;
    private static final long PAUSE_MILLIS = 50;

    private final InetSocketAddress server;
    private final HttpRequests requests;
    private final byte[] image;

    HttpFuzz(URI server, long seed, byte[] image) {
        this.server = new InetSocketAddress(server.getHost(), server.getPort());
        this.requests = new HttpRequests(seed, image);
        this.image = image;
    }

    /**
     * What came of it.
     *
     * @param statuses how many of each; 0: the connection ended without an answer
     * @param faults requests that were answered with 5xx other than 503, or not at all in two minutes, with their numbers
     * @param health milliseconds of each health check, ascending
     * @param honest statuses of the honest client
     */
    record Outcome(
            Map<Integer, Integer> statuses, List<String> faults, List<Double> health, Map<Integer, Integer> honest) {
        double health(double quantile) {
            return health.get(Math.min(health.size() - 1, (int) (health.size() * quantile)));
        }
    }

    /** @param slowShare of the requests are sent slowly */
    Outcome run(int count, double slowShare) throws Exception {
        Map<Integer, Integer> statuses = new ConcurrentSkipListMap<>();
        Map<Integer, Integer> honest = new ConcurrentSkipListMap<>();
        var faults = new ConcurrentLinkedQueue<String>();
        var health = new ConcurrentLinkedQueue<Double>();
        AtomicBoolean over = new AtomicBoolean();
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        ExecutorService slow = Executors.newFixedThreadPool(SLOW_CLIENTS);
        ExecutorService beside = Executors.newFixedThreadPool(2);
        List<Future<?>> watched = List.of(
                beside.submit(() -> repeat(over, () -> {
                    long begin = System.nanoTime();
                    int status = exchange(plain("GET", "/healthz", new byte[0]), 0);
                    health.add((System.nanoTime() - begin) / 1e6);
                    if (status != 200) {
                        faults.add("health check: " + status);
                    }
                })),
                beside.submit(() -> repeat(
                        over, () -> honest.merge(exchange(plain("POST", "/v1/images", image), 0), 1, Integer::sum))));
        List<Future<?>> all = new ArrayList<>();
        AtomicInteger next = new AtomicInteger();
        int slowCount = (int) (count * slowShare);
        for (int c = 0; c < CLIENTS; c++) {
            all.add(clients.submit(() -> {
                for (int i = next.getAndIncrement(); i < count - slowCount; i = next.getAndIncrement()) {
                    judge(i, exchange(requests.request(i), 0), statuses, faults);
                }
                return null;
            }));
        }
        for (int i = count - slowCount; i < count; i++) {
            int number = i;
            all.add(slow.submit(() -> {
                judge(number, exchange(requests.request(number), SLOW_BYTES), statuses, faults);
                return null;
            }));
        }
        for (Future<?> each : all) {
            each.get();
        }
        over.set(true);
        for (Future<?> each : watched) {
            each.get();
        }
        List.of(clients, slow, beside).forEach(ExecutorService::shutdown);
        List<Double> millis = health.stream().sorted().toList();
        return new Outcome(new TreeMap<>(statuses), List.copyOf(faults), millis, new TreeMap<>(honest));
    }

    private interface Act {
        void run() throws Exception;
    }

    private static Void repeat(AtomicBoolean over, Act act) throws Exception {
        do {
            act.run();
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } while (!over.get());
        return null;
    }

    private void judge(int number, int status, Map<Integer, Integer> statuses, ConcurrentLinkedQueue<String> faults) {
        statuses.merge(status, 1, Integer::sum);
        if (status < 0 || (status / 100 == 5 && status != 503)) {
            String request = new String(requests.request(number), StandardCharsets.ISO_8859_1);
            faults.add((status < 0 ? "no answer" : String.valueOf(status)) + " to request " + number + ": "
                    + request.substring(0, Math.min(400, request.length())).replaceAll("[^ -~]", "."));
        }
    }

    /**
     * The status of the answer; 0 where the connection ends without one, −1 where neither happens.
     *
     * @param slowBytes at the end of the request that are sent slowly; none sends all at once
     */
    private int exchange(byte[] request, int slowBytes) throws IOException, InterruptedException {
        try (Socket socket = new Socket()) {
            if (slowBytes > 0) {
                socket.bind(new InetSocketAddress(SLOW_ADDRESS, 0));
            }
            socket.connect(server, STUCK_MILLIS);
            socket.setSoTimeout(STUCK_MILLIS);
            try {
                int fast = Math.max(0, request.length - slowBytes);
                socket.getOutputStream().write(request, 0, fast);
                for (int i = fast; i < request.length; i++) {
                    TimeUnit.MILLISECONDS.sleep(SLOW_MILLIS);
                    socket.getOutputStream().write(request[i]);
                }
                socket.shutdownOutput();
            } catch (IOException e) {
                // the server has answered and closed; what it said may still be there
            }
            return status(socket.getInputStream());
        } catch (SocketTimeoutException e) {
            return -1;
        } catch (IOException e) {
            return 0;
        }
    }

    private static int status(InputStream in) throws IOException {
        byte[] line = in.readNBytes("HTTP/1.1 200".length());
        String text = new String(line, StandardCharsets.ISO_8859_1);
        if (text.matches("HTTP/1\\.1 100")) {
            return status(skipHead(in));
        }
        return text.matches("HTTP/1\\.[01] \\d{3}") ? Integer.parseInt(text.substring(9)) : 0;
    }

    private static InputStream skipHead(InputStream in) throws IOException {
        for (int end = 0; end != 0x0d0a0d0a; ) {
            int value = in.read();
            if (value < 0) {
                break;
            }
            end = end << 8 | value;
        }
        return in;
    }

    private static byte[] plain(String method, String path, byte[] body) {
        byte[] head = (method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
                        + body.length + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        byte[] all = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, all, head.length, body.length);
        return all;
    }
}
