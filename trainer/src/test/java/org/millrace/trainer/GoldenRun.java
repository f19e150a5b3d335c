package org.millrace.trainer;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import javax.imageio.ImageIO;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.selftest.SelfTest.Use;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.Memory;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.gate.Gate;
import org.millrace.trainer.journal.JournalReader.Past;
import org.millrace.trainer.run.RunFolders;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.PlanSource;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.ReplayBuffer;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.StreamEvents;
import org.millrace.trainer.stream.StreamPosition;
import org.millrace.trainer.stream.StreamState;
import org.millrace.trainer.stream.TestLog;
import org.millrace.trainer.stream.TrainedStep;

/**
 * A training run that depends on its configuration only: every part but Kafka and the disk is the product's, and the images come from a
 * counter-based generator.
 */
final class GoldenRun {
    static final int DIGEST_EVERY = 10;
    /**
     * So low that another processor's rounding, which batches of 8 magnify from step to step, stays below 1e-5 of the loss. The digests hold
     * the momenta, and with them every bit of the gradients, all the same.
     */
    private static final String EVERY_RUN = "optimiser.learning-rate=0.000001 run.data=target/golden-run ";

    private static final int IMAGES = 60; // they come again and again, so that a memory bank's rows change
    private static final int HEIGHT = 24;
    private static final int WIDTH = 20;

    private GoldenRun() {}

    /** @param digest of the state after the step, after every tenth */
    record Step(long step, double loss, Optional<String> digest) {}

    /** The settings of each run by its name: each objective without a buffer, each policy with two objectives. */
    static Map<String, String> settings() {
        String reservoir = " replay.policy=reservoir replay.capacity=24 replay.updates-per-batch=2";
        String minRed = " replay.policy=min-red replay.capacity=24 replay.updates-per-batch=2";
        String bank = "trainer.objective=memory-bank memory-bank.capacity=50 memory-bank.negatives=12";
        Map<String, String> runs = new LinkedHashMap<>();
        runs.put("moco-v1", "trainer.objective=moco-v1");
        runs.put("moco-v2", "trainer.objective=moco-v2");
        runs.put(
                "moco-v2-shuffled",
                "trainer.objective=moco-v2 trainer.symmetric=true trainer.batch-norm=shuffle trainer.batch-norm-splits=4");
        runs.put("moco-v2-reservoir", "trainer.objective=moco-v2" + reservoir);
        runs.put("moco-v2-min-red", "trainer.objective=moco-v2" + minRed);
        runs.put("moco-v3", "trainer.objective=moco-v3 trainer.batch-norm=split trainer.batch-norm-splits=2");
        runs.put("simclr", "trainer.objective=simclr");
        runs.put("simclr-min-red", "trainer.objective=simclr optimiser.method=lars" + minRed);
        runs.put(
                "byol",
                "trainer.objective=byol byol.momentum-schedule=cosine optimiser.total-steps=200 augment.flip-once=true");
        runs.put("byol-reservoir", "trainer.objective=byol" + reservoir);
        runs.put("end-to-end", "trainer.objective=end-to-end trainer.symmetric=true");
        runs.put("memory-bank", bank);
        runs.put("memory-bank-nce", bank + " memory-bank.loss=nce memory-bank.shared=false");
        runs.put("memory-bank-full", bank + " memory-bank.loss=full-softmax");
        runs.put(
                "amdim",
                "trainer.objective=amdim encoder.architecture=amdim encoder.height=32 encoder.width=32"
                        + " encoder.amdim-channels=4 encoder.amdim-features=16 amdim.mixture=3 optimiser.method=adamw");
        return runs;
    }

    /** The engine, as the self-test lets it compute. */
    static Torch torch() {
        MillraceConfig config = TestRuns.config(EVERY_RUN.strip().split(" ", -1));
        return SelfTest.passed(Torch.start(config.run()), config.encoder(), Use.TRAINING);
    }

    static List<Step> compute(String settings, Torch torch, int steps) throws InterruptedException {
        MillraceConfig config = TestRuns.config((EVERY_RUN + settings).split(" ", -1));
        List<Step> done = new ArrayList<>();
        try (Memory memory = TestRuns.memory(config);
                Learner learner = new Learner(config, torch, memory);
                ImageStore images = ImageStore.open(RunFolders.images(config));
                Pipeline pipeline = pipeline(config, steps, images).start()) {
            learner.begin();
            while (done.size() < steps) {
                PreparedStep prepared = pipeline.next(() -> false).orElseThrow();
                long step = prepared.plan().step();
                Learner.Result result = learner.step(
                        step, prepared.views(), prepared.images(), prepared.ids(), new StageClock(System::nanoTime));
                pipeline.trained(TrainedStep.of(prepared, result.features(), result.losses()));
                pipeline.release(prepared.views());
                Optional<String> digest = step % DIGEST_EVERY == 0 ? Optional.of(learner.digest()) : Optional.empty();
                done.add(new Step(step, result.loss(), digest));
            }
        }
        return done;
    }

    private static Pipeline pipeline(MillraceConfig config, int steps, ImageStore images) {
        int ahead = config.trainer().prefetchBatches() + 1;
        return new Pipeline(
                config,
                log((steps + ahead) * config.trainer().batchSize()).consumer(),
                new StreamState(StreamPosition.START, ReplayBuffer.of(config), Optional.of(images), new Gate(config)),
                PlanSource.ofStream(Past.NONE, plan -> CompletableFuture.completedFuture(plan.step())),
                StreamEvents.NONE);
    }

    private static TestLog log(int records) {
        TestLog log = new TestLog(1);
        for (int offset = 0; offset < records; offset++) {
            byte[] id = ("image-" + offset % IMAGES).getBytes(StandardCharsets.US_ASCII);
            log.add(0, offset, offset, id, png(offset % IMAGES));
        }
        return log;
    }

    // a coloured slope with noise
    private static byte[] png(int number) {
        CounterRandom random = CounterRandom.of(number, 0, Purpose.SHUFFLE, 0);
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        int[] base = {random.nextInt(160), random.nextInt(160), random.nextInt(160)};
        int[] slope = {random.nextInt(4), random.nextInt(4), random.nextInt(4)};
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                for (int band = 0; band < base.length; band++) {
                    int along = band == 0 ? x : y;
                    image.getRaster().setSample(x, y, band, base[band] + slope[band] * along + random.nextInt(24));
                }
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
