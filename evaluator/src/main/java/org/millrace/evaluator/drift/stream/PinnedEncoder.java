package org.millrace.evaluator.drift.stream;

import java.io.IOException;
import java.util.Optional;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.registry.PublishedEvaluations;
import org.millrace.contract.registry.Standings;
import org.millrace.evaluator.file.CheckedFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The frozen encoder that embeds incoming images: one published version, copied to the run's folder at its first use, since the topic
 * keeps only the newest.
 */
final class PinnedEncoder {
    private static final Logger log = LoggerFactory.getLogger(PinnedEncoder.class);
    private static final String FILE = "drift-encoder.bin";

    private static final long MAGIC = 0x4d52_5049_4e45_4431L; // MRPINED1

    private PinnedEncoder() {}

    /** The one in the folder; where there is none, it is revoked, or the configuration names another, the published one, which is then kept. */
    static PublishedEncoder of(MillraceConfig config, KafkaSettings kafka) {
        Optional<PublishedEncoder> kept = read(config);
        Standings standings =
                PublishedEvaluations.read(kafka, config.run().topics()).standings();
        kept.map(PublishedEncoder::version)
                .filter(standings::isRevoked)
                .ifPresent(version -> log.warn(
                        "encoder {}, which drift was detected with, is revoked; another one is pinned", version));
        return kept.filter(encoder -> isUsable(config, encoder, standings)).orElseGet(() -> pin(config, kafka));
    }

    /** Whether the folder holds one that drift detection can go on with. */
    static boolean isThere(MillraceConfig config, KafkaSettings kafka) {
        return read(config)
                .filter(encoder -> isUsable(
                        config,
                        encoder,
                        PublishedEvaluations.read(kafka, config.run().topics()).standings()))
                .isPresent();
    }

    private static boolean isUsable(MillraceConfig config, PublishedEncoder encoder, Standings standings) {
        long wanted = config.drift().encoderVersion();
        return !standings.isRevoked(encoder.version()) && (wanted < 0 || wanted == encoder.version());
    }

    private static CheckedFile file(MillraceConfig config) {
        return new CheckedFile(config.run().folder().resolve(FILE), MAGIC, "a pinned encoder");
    }

    private static Optional<PublishedEncoder> read(MillraceConfig config) {
        CheckedFile file = file(config);
        if (!file.exists()) {
            return Optional.empty();
        }
        try {
            return Optional.of(file.read((in, length) -> new PublishedEncoder(
                    Json.read(CheckedFile.readBytes(in, length), EncoderManifest.class),
                    CheckedFile.readBytes(in, length))));
        } catch (IOException e) {
            log.warn(
                    "the pinned encoder in {} is damaged: {}; another one is pinned",
                    config.run().folder().resolve(FILE),
                    e.getMessage());
            return Optional.empty();
        }
    }

    private static PublishedEncoder pin(MillraceConfig config, KafkaSettings kafka) {
        long wanted = config.drift().encoderVersion();
        PublishedEncoder published = wanted < 0
                ? PublishedEncoders.newest(kafka, config.run().topics())
                : PublishedEncoders.find(kafka, config.run().topics(), wanted);
        try {
            file(config).write(out -> {
                CheckedFile.writeBytes(out, Json.write(published.manifest()));
                CheckedFile.writeBytes(out, published.safetensors());
            });
        } catch (IOException e) {
            throw new UserException(
                    "the encoder to detect drift with could not be written to "
                            + config.run().folder().resolve(FILE) + ": " + e,
                    e);
        }
        return published;
    }
}
