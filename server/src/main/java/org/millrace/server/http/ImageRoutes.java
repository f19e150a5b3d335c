package org.millrace.server.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.javalin.http.Context;
import io.javalin.http.UploadedFile;
import io.javalin.router.JavalinDefaultRoutingApi;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.ingest.push.ImageReceiver;
import org.millrace.ingest.push.IncomingImage;
import org.millrace.ingest.push.PushRequest;
import org.millrace.ingest.push.Receipt;

/**
 * {@code POST /v1/images}: admit → read → send → respond once the log has acknowledged. No thread waits for the log. Owns its producer.
 */
public final class ImageRoutes implements Routes {
    static final String PATH = "/v1/images";
    private static final Duration CLOSING = Duration.ofSeconds(5);

    private final Producer<byte[], byte[]> producer;
    private final ImageReceiver receiver;
    /** Writes the responses, so that no client delays the producer. */
    private final ExecutorService answering = Executors.newFixedThreadPool(2, work -> {
        Thread thread = new Thread(work, "millrace-http-receipts");
        thread.setDaemon(true);
        return thread;
    });

    private ImageRoutes(Producer<byte[], byte[]> producer, ImagesConfig images) {
        this.producer = producer;
        this.receiver = new ImageReceiver(producer, images);
    }

    public static ImageRoutes open(KafkaSettings kafka, ImagesConfig images) {
        var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(ImageReceiver.producerNeeds(images)));
        return new ImageRoutes(producer, images);
    }

    /** The result for one image; fields that do not apply are absent. */
    @JsonInclude(JsonInclude.Include.NON_ABSENT)
    record Result(
            Optional<String> name,
            int status,
            Optional<String> topic,
            Optional<Integer> partition,
            Optional<Long> offset,
            Optional<String> error) {
        static Result of(@Nullable String name, Receipt receipt) {
            Optional<String> named = Optional.ofNullable(name);
            return receipt instanceof Receipt.Logged logged
                    ? new Result(
                            named,
                            201,
                            Optional.of(logged.topic()),
                            Optional.of(logged.partition()),
                            Optional.of(logged.offset()),
                            Optional.empty())
                    : problem(named, problemOf(receipt));
        }

        static Result problem(Optional<String> name, HttpProblem problem) {
            return new Result(
                    name,
                    problem.status(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of(String.valueOf(problem.getMessage())));
        }
    }

    /** The response to a form: one result per file, in order. */
    record Results(List<Result> results) {
        /** The status of all results if they share one, else 207. */
        int status() {
            int first = results.get(0).status();
            return results.stream().allMatch(result -> result.status() == first) ? first : 207;
        }
    }

    @Override
    public void addTo(JavalinDefaultRoutingApi router) {
        router.post(
                PATH,
                this::post,
                Parameters.of(
                        "to",
                        "id",
                        ImageHeaders.SOURCE,
                        ImageHeaders.LABEL,
                        ImageHeaders.CAPTURED_AT,
                        ImageHeaders.SPLIT));
    }

    @Override
    public void close() {
        producer.close(CLOSING);
        answering.shutdown();
    }

    private void post(Context context) throws IOException {
        if (Bodies.isMultipart(context)) {
            postForm(context);
        } else {
            Bodies.requireImage(context);
            postRaw(context);
        }
    }

    private void postRaw(Context context) throws IOException {
        CompletableFuture<Receipt> receipt =
                receiver.take(incoming(context, "POST " + PATH, Optional.empty(), Bodies.raw(context)));
        context.future(() -> receipt.thenAcceptAsync(
                taken -> {
                    if (!(taken instanceof Receipt.Logged)) {
                        throw problemOf(taken);
                    }
                    answer(context, 201, Result.of(null, taken));
                },
                answering));
    }

    private void postForm(Context context) throws IOException {
        List<CompletableFuture<Result>> results = new ArrayList<>();
        for (UploadedFile file : Bodies.files(context)) {
            results.add(takeFile(context, file));
        }
        context.future(() -> CompletableFuture.allOf(results.toArray(CompletableFuture[]::new))
                .thenRunAsync(
                        () -> {
                            Results all = new Results(results.stream()
                                    .map(CompletableFuture::join)
                                    .toList());
                            answer(context, all.status(), all);
                        },
                        answering));
    }

    private CompletableFuture<Result> takeFile(Context context, UploadedFile file) throws IOException {
        String name = file.filename();
        try {
            Bodies.requireImage(file);
            return receiver.take(incoming(context, "POST " + PATH + "!" + name, Optional.of(name), Bodies.file(file)))
                    .thenApply(receipt -> Result.of(name, receipt));
        } catch (HttpProblem e) {
            return CompletableFuture.completedFuture(Result.problem(Optional.of(name), e));
        }
    }

    /** @param fileName the id if the request gives none */
    private static IncomingImage incoming(
            Context context, String name, Optional<String> fileName, IncomingImage.Body body) {
        try {
            return new IncomingImage(
                    word(context, "to", PushRequest.Target.class).orElse(PushRequest.Target.IMAGES),
                    name,
                    text(context, "id").or(() -> fileName.filter(given -> !given.isBlank())),
                    text(context, ImageHeaders.SOURCE),
                    text(context, ImageHeaders.LABEL),
                    text(context, ImageHeaders.CAPTURED_AT),
                    word(context, ImageHeaders.SPLIT, PushRequest.Split.class).orElse(PushRequest.Split.BY_HASH),
                    body);
        } catch (IllegalArgumentException e) {
            throw new HttpProblem(400, String.valueOf(e.getMessage()));
        }
    }

    /** The request's value of that name: a query parameter, or the header {@code Millrace-Name}. */
    private static Optional<String> text(Context context, String name) {
        return Optional.ofNullable(context.queryParam(name))
                .or(() -> Optional.ofNullable(context.header("Millrace-" + name)));
    }

    private static <E extends Enum<E>> Optional<E> word(Context context, String name, Class<E> type) {
        return text(context, name).map(word -> {
            for (E constant : type.getEnumConstants()) {
                if (word.equals(constant.name().toLowerCase(Locale.ROOT).replace('_', '-'))) {
                    return constant;
                }
            }
            throw new HttpProblem(
                    400,
                    name + " must be one of "
                            + List.of(type.getEnumConstants())
                                    .toString()
                                    .toLowerCase(Locale.ROOT)
                                    .replace('_', '-')
                            + ", but was '" + word + "'");
        });
    }

    private static HttpProblem problemOf(Receipt receipt) {
        if (receipt instanceof Receipt.NotTaken not) {
            return switch (not.trouble()) {
                case BUSY -> HttpProblem.busy(not.words());
                case AWAY -> HttpProblem.unavailable(not.words());
            };
        }
        Receipt.Refused refused = (Receipt.Refused) receipt;
        return switch (refused.reason()) {
            case NO_IMAGE, NO_LABEL -> new HttpProblem(400, refused.words());
            case TOO_LARGE -> new HttpProblem(413, refused.words());
        };
    }

    private static void answer(Context context, int status, Object body) {
        context.status(status);
        context.contentType("application/json");
        context.result(Json.write(body));
    }
}
