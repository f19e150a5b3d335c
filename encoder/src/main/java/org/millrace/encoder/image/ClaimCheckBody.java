package org.millrace.encoder.image;

import static org.millrace.contract.Check.check;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/** A response's body, collected up to one byte over its limit; the rest is not read. */
final class ClaimCheckBody implements HttpResponse.BodySubscriber<byte[]> {
    private static final long LEAST_BYTES_PER_SECOND = 1024;

    private final int most;
    private final AtomicLong received;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
    private Optional<Flow.Subscription> subscription = Optional.empty();

    private ClaimCheckBody(int most, AtomicLong received) {
        this.most = most;
        this.received = received;
    }

    /**
     * How long a response may take.
     *
     * @param stretch in each of which 1 KiB a second must come
     * @param total for all of it
     */
    record Limits(Duration stretch, Duration total) {
        static final Limits USUAL = new Limits(Duration.ofSeconds(25), Duration.ofSeconds(125));

        Limits {
            check(stretch.compareTo(total) <= 0, "a stretch (%s) is longer than the whole (%s)", stretch, total);
        }
    }

    /**
     * The response, with at most {@code maxBytes} + 1 bytes of its body.
     *
     * @throws SlowException where it arrives more slowly than the limits allow
     */
    static HttpResponse<byte[]> fetch(HttpClient client, HttpRequest request, int maxBytes, Limits limits)
            throws IOException, InterruptedException {
        AtomicLong received = new AtomicLong();
        CompletableFuture<HttpResponse<byte[]>> answer = client.sendAsync(
                request, head -> new ClaimCheckBody(head.statusCode() == 200 ? maxBytes + 1 : 0, received));
        long least = Math.max(1, LEAST_BYTES_PER_SECOND * limits.stretch().toMillis() / 1000);
        long stretches = limits.total().dividedBy(limits.stretch());
        try {
            long before = 0;
            for (long i = 0; i < stretches; i++) {
                try {
                    return answer.get(limits.stretch().toMillis(), TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    if (received.get() - before < least) {
                        break;
                    }
                    before = received.get();
                }
            }
            throw new SlowException();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException problem ? problem : new IOException(e.getCause());
        } finally {
            answer.cancel(true); // of no effect where it is whole
        }
    }

    /** The response arrives too slowly. */
    static final class SlowException extends InterruptedIOException {
        private static final long serialVersionUID = 1;
    }

    @Override
    public CompletionStage<byte[]> getBody() {
        return whole;
    }

    @Override
    public void onSubscribe(Flow.Subscription begun) {
        subscription = Optional.of(begun);
        if (most == 0) {
            begun.cancel();
            whole.complete(new byte[0]);
        } else {
            begun.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> some) {
        for (ByteBuffer buffer : some) {
            byte[] more = new byte[Math.min(buffer.remaining(), most - bytes.size())];
            buffer.get(more);
            bytes.writeBytes(more);
            received.addAndGet(more.length);
        }
        if (bytes.size() == most) {
            subscription.ifPresent(Flow.Subscription::cancel);
            whole.complete(bytes.toByteArray());
        }
    }

    @Override
    public void onError(Throwable problem) {
        whole.completeExceptionally(problem);
    }

    @Override
    public void onComplete() {
        whole.complete(bytes.toByteArray());
    }
}
