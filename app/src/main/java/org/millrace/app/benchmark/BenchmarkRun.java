package org.millrace.app.benchmark;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.encoder.tensor.Torch;
import org.millrace.evaluator.ProbeSets;
import org.millrace.evaluator.TorchEmbedders;
import org.millrace.evaluator.probe.LabelledHalves;
import org.millrace.evaluator.protocol.Benchmark;
import org.millrace.evaluator.protocol.ProbeProtocol;
import org.millrace.evaluator.protocol.ProtocolScore;

/** One benchmark of an encoder: encoder → images → protocols, one after another. Used by one thread. */
public final class BenchmarkRun {
    private final MillraceConfig config;
    private final BenchmarkRequest request;
    private final Optional<KafkaSettings> kafka;
    private final BenchmarkListener listener;
    private final Clock clock;

    /** @param kafka present if the request needs it */
    public BenchmarkRun(
            MillraceConfig config,
            BenchmarkRequest request,
            Optional<KafkaSettings> kafka,
            BenchmarkListener listener,
            Clock clock) {
        this.config = config;
        this.request = request;
        this.kafka = kafka;
        this.listener = listener;
        this.clock = clock;
    }

    /** Runs every protocol; throws {@link org.millrace.contract.UserException} if the encoder or the images cannot be read. */
    public BenchmarkReport run() {
        Torch torch = Torch.start(config.run());
        TorchEmbedders embedders = new TorchEmbedders(torch, config.encoder(), config.images());
        PublishedEncoder encoder = request.encoder().isPresent()
                ? PublishedEncoders.find(
                        kafka.orElseThrow(),
                        config.run().topics(),
                        request.encoder().getAsLong())
                : CheckpointEncoder.read(config, request.checkpoint());
        LabelledHalves images = images(embedders);
        BenchmarkReport report = report(torch, encoder, images, List.of());
        listener.begins(report);
        List<ProtocolScore> scores = new ArrayList<>();
        try (Benchmark benchmark = new Benchmark(torch, config, encoder, embedders, images, listener, clock)) {
            for (ProbeProtocol.Name name : request.protocols()) {
                for (ProtocolScore score : ProbeProtocol.of(name).score(benchmark)) {
                    scores.add(score);
                    listener.scored(score);
                }
            }
        }
        return report(torch, encoder, images, scores);
    }

    private LabelledHalves images(TorchEmbedders embedders) {
        if (request.local()) {
            return new LocalImages(config.images(), embedders::decodes, listener::remark).read(request);
        }
        LabelledHalves halves = LabelledHalves.of(ProbeSets.read(config, kafka.orElseThrow(), embedders::decodes));
        halves.requireUsable(
                "the topic " + config.images().probeTopic(),
                "Push labelled images first: millrace push --to probe FOLDER, one folder for each class;"
                        + " or name files with --train and --test.");
        return halves;
    }

    private BenchmarkReport report(
            Torch torch, PublishedEncoder encoder, LabelledHalves images, List<ProtocolScore> scores) {
        String source = (request.encoder().isPresent() ? "encoder on the topic" : "checkpoint") + ", "
                + (request.local() ? "images of files" : "images of the probe set");
        return new BenchmarkReport(
                BenchmarkReport.SCHEMA,
                encoder.manifest().run(),
                source,
                encoder.manifest().version(),
                encoder.manifest().imagesTrained(),
                encoder.manifest().encoder().architecture().key(),
                images.labels().size(),
                images.train().size(),
                images.test().size(),
                torch.description(),
                scores);
    }
}
