package org.millrace.encoder;

import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/** The engine on one thread, and networks with fresh weights. */
public final class TestEncoders {
    private TestEncoders() {}

    public static Torch torch() {
        return Torch.start(config().run());
    }

    public static MillraceConfig config(String... assignments) {
        List<String> all = new ArrayList<>(List.of("run.threads=1")); // so small that a second thread would only wait
        all.addAll(List.of(assignments));
        return new ConfigLoader().assignments(all).load();
    }

    public static EncoderConfig encoder(String architecture, String stem, int side, int channels) {
        return config(
                        "encoder.architecture=" + architecture,
                        "encoder.stem=" + stem,
                        "encoder.height=" + side,
                        "encoder.width=" + side,
                        "encoder.channels=" + channels)
                .encoder();
    }

    /** AMDIM's encoder of 4 channels and 24 features, two layers in a block. */
    public static EncoderConfig amdim(int channels) {
        return config(
                        "trainer.objective=amdim",
                        "encoder.architecture=amdim",
                        "encoder.amdim-channels=4",
                        "encoder.amdim-features=24",
                        "encoder.amdim-depth=2",
                        "encoder.channels=" + channels)
                .encoder();
    }

    public static Weights weights(EncoderConfig config, long seed) {
        WeightLayout layout = new WeightLayout();
        Backbone.of(config).declare(layout, "");
        return Weights.initialised(torch(), layout, seed);
    }
}
