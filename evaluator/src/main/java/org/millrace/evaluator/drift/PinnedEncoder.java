package org.millrace.evaluator.drift;

import java.io.IOException;
import java.nio.file.Path;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.evaluator.PublishedEncoder;
import org.millrace.evaluator.PublishedEncoders;
import org.millrace.evaluator.PublishedEvaluations;
import org.millrace.evaluator.file.CheckedFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The frozen encoder that incoming images are seen through: one published version, copied to the run's folder when it is first taken,
 * since the topic keeps only the newest.
 */
final class PinnedEncoder {
    private static final Logger log = LoggerFactory.getLogger(PinnedEncoder.class);
    /** Name of the file in the run's folder. */
    static final String FILE = "drift-encoder.bin";

    private static final long MAGIC = 0x4d52_5049_4e45_4431L; // MRPINED1

    private PinnedEncoder() {}

    /** The one in the folder; or where there is none, it is revoked, or the configuration names another, the published one, which is then kept. */
    static PublishedEncoder of(MillraceConfig config, KafkaSettings kafka) {
        Path path = config.run().folder().resolve(FILE);
        CheckedFile file = new CheckedFile(path, MAGIC, "a pinned encoder");
        long wanted = config.drift().encoderVersion();
        if (file.exists()) {
            try {
                PublishedEncoder kept = file.read((in, length) -> new PublishedEncoder(
                        Json.read(CheckedFile.readBytes(in, length), EncoderManifest.class),
                        CheckedFile.readBytes(in, length)));
                long version = kept.manifest().version();
                if (PublishedEvaluations.read(kafka, config.run().topics())
                        .standings()
                        .isRevoked(version)) {
                    log.warn("encoder {}, which drift was watched through, is revoked; another one is pinned", version);
                } else if (wanted < 0 || wanted == version) {
                    return kept;
                }
            } catch (IOException e) {
                log.warn("the pinned encoder in {} is damaged: {}; another one is pinned", path, e.getMessage());
            }
        }
        PublishedEncoder published = wanted < 0
                ? PublishedEncoders.newest(kafka, config.run().topics())
                : PublishedEncoders.find(kafka, config.run().topics(), wanted);
        try {
            file.write(out -> {
                CheckedFile.writeBytes(out, Json.write(published.manifest()));
                CheckedFile.writeBytes(out, published.safetensors());
            });
        } catch (IOException e) {
            throw new UserException("the encoder to watch drift with could not be written to " + path + ": " + e, e);
        }
        return published;
    }
}
