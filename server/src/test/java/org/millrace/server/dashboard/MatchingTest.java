package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.encoder.network.AmdimNetwork;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;
import org.millrace.server.embed.LoadedEncoders;

/** The scores of places beside the neighbours, of a published encoder of AMDIM; none of other encoders. */
final class MatchingTest {
    private static final int MAX_PIXELS = 1_000_000;

    private final Random random = new Random(1);

    @Test
    void of_publishedEncoder_aPictureAndAScoreOfEveryPlace_ofAmdimsAlone() {
        List<byte[]> files = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            files.add(ChangedImagesTest.noise(random, rgb -> rgb));
        }
        MillraceConfig amdim = config(
                "trainer.objective=amdim",
                "encoder.architecture=amdim",
                "encoder.amdim-channels=4",
                "encoder.amdim-features=16");
        try (LoadedEncoders encoders = new LoadedEncoders(amdim)) {
            Matching matching = Matching.of(files, encoders.of(published(amdim, 1)), MAX_PIXELS)
                    .orElseThrow();
            assertThat(matching.side()).isEqualTo(AmdimNetwork.MATCHING_SIDE);
            assertThat(matching.images()).hasSize(3).allSatisfy(image -> {
                assertThat(image.picture()).startsWith("data:image/png;base64,");
                assertThat(image.scores()).hasSize(49).doesNotContain(Double.NaN);
            });
            MillraceConfig other = config();
            assertThat(Matching.of(files, encoders.of(published(other, 2)), MAX_PIXELS))
                    .isEmpty();
        }
    }

    private static PublishedEncoder published(MillraceConfig config, long version) {
        Backbone network = Backbone.of(config.encoder());
        WeightLayout layout = network.layout();
        if (network instanceof AmdimNetwork amdim) {
            amdim.matchingHead().declare(layout);
        }
        try (Weights weights = Weights.initialised(Torch.start(config.run()), layout, 1)) {
            byte[] file = weights.snapshot("").toBytes();
            return new PublishedEncoder(
                    new EncoderManifest(
                            1, "main", version, version, 1, config.encoder(), file.length, 1, Sha256.of(file), 1),
                    file);
        }
    }

    private static MillraceConfig config(String... assignments) {
        List<String> all = new ArrayList<>(List.of(assignments));
        all.add("run.threads=1");
        return new ConfigLoader().assignments(all).load();
    }
}
