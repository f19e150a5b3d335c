package org.millrace.server.http;

import io.javalin.http.Context;
import io.javalin.http.UploadedFile;
import io.javalin.router.JavalinDefaultRoutingApi;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Json;
import org.millrace.contract.registry.EncoderWatch;
import org.millrace.ingest.push.IncomingImage;
import org.millrace.numerics.NpyFormat;
import org.millrace.server.embed.EmbeddingQueue;
import org.millrace.server.embed.Embeddings;
import org.millrace.server.embed.WantedFeatures;

/**
 * {@code POST /v1/embed}, images to feature vectors, and {@code GET /v1/encoders}, the encoders that can do so. No thread blocks on the
 * forward pass. Does not close its queue and encoders.
 */
public final class EmbedRoutes implements Routes {
    static final String EMBED = "/v1/embed";
    static final String ENCODERS = "/v1/encoders";
    private static final String VERSION = "version";
    private static final String SPACE = "space";
    private static final String SPACE_HEADER = "Millrace-Space";
    private static final String VERSION_HEADER = "Millrace-Encoder-Version";

    private final EncoderWatch encoders;
    private final EncoderChoice choice;
    private final EmbeddingQueue queue;
    private final String run;
    private final ImagesConfig images;
    /** Writes the responses, so that no client delays the encoder. */
    private final ExecutorService answering = Executors.newFixedThreadPool(2, work -> {
        Thread thread = new Thread(work, "millrace-http-embeddings");
        thread.setDaemon(true);
        return thread;
    });

    public EmbedRoutes(MillraceConfig config, EncoderWatch encoders, EmbeddingQueue queue) {
        this.encoders = encoders;
        this.queue = queue;
        this.run = config.run().name();
        this.choice = new EncoderChoice(encoders, run);
        this.images = config.images();
    }

    /** The formats of a response. */
    private enum Form {
        JSON("application/json"),
        FLOATS("application/octet-stream"),
        NPY("application/x-npy");

        private final String type;

        Form(String type) {
            this.type = type;
        }

        /** The first format of the client's {@code Accept} that is supported. */
        static Form wanted(Context context) {
            String accept =
                    Optional.ofNullable(context.header("Accept")).orElse("*/*").toLowerCase(Locale.ROOT);
            for (String part : accept.split(",", -1)) {
                String type = part.replaceFirst(";.*", "").strip();
                for (Form form : values()) {
                    if (type.equals(form.type)) {
                        return form;
                    }
                }
                if (type.equals("*/*") || type.equals("application/*")) {
                    return JSON;
                }
            }
            throw new HttpProblem(
                    406,
                    "wanted an Accept of application/json, application/octet-stream or application/x-npy, but got '"
                            + accept + "'");
        }
    }

    /** The images of a request with their file names. */
    private record Asked(List<String> names, List<byte[]> images) {}

    @Override
    public void addTo(JavalinDefaultRoutingApi router) {
        router.post(EMBED, this::embed, Parameters.of(EncoderChoice.VERSION, EncoderChoice.SPACE));
        router.get(ENCODERS, this::list);
    }

    @Override
    public void close() {
        answering.shutdown();
    }

    private void embed(Context context) throws IOException {
        Form form = Form.wanted(context);
        WantedFeatures wanted = choice.of(context);
        boolean several = Bodies.isMultipart(context);
        if (!several) {
            Bodies.requireImage(context);
        }
        Asked asked = several ? files(context) : new Asked(List.of(), List.of(read(Bodies.raw(context), "")));
        CompletableFuture<Embeddings> embeddings = queue.offer(Gate.client(context), asked.images(), wanted)
                .orElseThrow(() ->
                        HttpProblem.busy("too many images are waiting to be embedded; send the request again later"));
        context.future(() ->
                embeddings.thenAcceptAsync(made -> answer(context, form, several, asked.names(), made), answering));
    }

    private Asked files(Context context) throws IOException {
        List<String> names = new ArrayList<>();
        List<byte[]> images = new ArrayList<>();
        for (UploadedFile file : Bodies.files(context)) {
            Bodies.requireImage(file);
            names.add(file.filename());
            images.add(read(Bodies.file(file), "the file '" + file.filename() + "': "));
        }
        return new Asked(names, images);
    }

    /** @param what begins the message of a refusal */
    private byte[] read(IncomingImage.Body body, String what) throws IOException {
        try (InputStream in = body.open()) {
            byte[] image = in.readNBytes(images.maxBytes());
            if (image.length == images.maxBytes() && in.read() >= 0) {
                long bytes = body.declaredBytes();
                throw new HttpProblem(413, what + images.tooLarge(Math.max(bytes, image.length + 1L), bytes >= 0));
            }
            return image;
        }
    }

    private static void answer(Context context, Form form, boolean several, List<String> names, Embeddings made) {
        context.header(VERSION_HEADER, String.valueOf(made.version()));
        made.space().ifPresent(space -> context.header(SPACE_HEADER, String.valueOf(space)));
        boolean json = form == Form.JSON && several;
        if (!json) {
            made.rows().forEach(row -> {
                if (row instanceof Embeddings.Undecodable bad) {
                    throw new HttpProblem(400, bad.reason());
                }
            });
        }
        context.contentType(form.type);
        switch (form) {
            case JSON -> context.result(Json.write(several ? several(names, made) : one(made)));
            case FLOATS -> context.result(NpyFormat.littleEndian(made.features()));
            case NPY -> context.result(NpyFormat.file(made.features(), made.dimension()));
        }
    }

    private static Map<String, Object> one(Embeddings made) {
        Map<String, Object> body = described(made);
        body.put("embedding", made.features().get(0));
        return body;
    }

    private static Map<String, Object> several(List<String> names, Embeddings made) {
        List<Map<String, Object>> results = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("name", names.get(i));
            Embeddings.Row row = made.rows().get(i);
            if (row instanceof Embeddings.Features features) {
                result.put("embedding", features.values());
            } else {
                result.put("error", ((Embeddings.Undecodable) row).reason());
            }
            results.add(result);
        }
        Map<String, Object> body = described(made);
        body.put("results", results);
        return body;
    }

    private static Map<String, Object> described(Embeddings made) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put(VERSION, made.version());
        made.space().ifPresent(space -> body.put(SPACE, space));
        body.put("dimension", made.dimension());
        return body;
    }

    private void list(Context context) {
        List<Map<String, Object>> listed = new ArrayList<>();
        for (EncoderWatch.Published published : encoders.published()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put(VERSION, published.manifest().version());
            one.put("step", published.manifest().step());
            one.put("images", published.manifest().imagesTrained());
            one.put("bytes", published.manifest().bytes());
            one.put(
                    "publishedAt",
                    java.time.Instant.ofEpochMilli(published.manifest().publishedAtMillis())
                            .toString());
            one.put("held", published.held());
            one.put("revoked", published.revocation().isPresent());
            published.revocation().ifPresent(revocation -> {
                one.put(
                        "revokedAt",
                        java.time.Instant.ofEpochMilli(revocation.revokedAtMillis())
                                .toString());
                one.put("revokedBecause", revocation.reason());
            });
            published.evaluation().ifPresent(evaluation -> one.put("scores", scores(evaluation)));
            listed.add(one);
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("run", run);
        encoders.currentVersion().ifPresent(current -> body.put("current", current));
        body.put("encoders", listed);
        context.contentType("application/json");
        context.result(Json.write(body));
    }

    private static Map<String, Object> scores(Evaluation evaluation) {
        Map<String, Object> scores = new LinkedHashMap<>();
        scores.put("linear", evaluation.linear().accuracy());
        evaluation.linear().interval().ifPresent(interval -> scores.put("linearInterval", interval));
        evaluation.linear().besideUntrained().ifPresent(beside -> scores.put("linearBesideUntrained", beside));
        scores.put("neighbours", evaluation.neighbours().accuracy());
        evaluation.neighbours().interval().ifPresent(interval -> scores.put("neighboursInterval", interval));
        evaluation.neighbours().besideUntrained().ifPresent(beside -> scores.put("neighboursBesideUntrained", beside));
        scores.put("testImages", evaluation.testImages());
        return scores;
    }
}
