package org.millrace.encoder.selftest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.Precision;
import org.millrace.encoder.tensor.Convolution;
import org.millrace.encoder.tensor.Torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gate before every network: it is tried on this machine ({@link NetworkCheck}) and gets the first way of computing that gives right
 * numbers. oneDNN chooses its kernels by the processor, and on some it has chosen wrong ones without a word. The ways, in their order: as
 * usual; 1×1 convolutions as matrix products; and at a process's start, both again with fewer of the processor's instructions. Where
 * none is right, nothing is computed. docs/decisions/0021-self-test.md.
 *
 * <p>A network is tried once in a process. Thread safe.
 */
public final class SelfTest {
    private static final Logger log = LoggerFactory.getLogger(SelfTest.class);

    private static final Map<Tried, Convolution> PASSED = new HashMap<>();
    private static final List<String> UNUSUAL = new CopyOnWriteArrayList<>();

    private SelfTest() {}

    /** What a network is for. */
    public enum Use {
        /** Features only. */
        EMBEDDING,
        /** Features and gradients. */
        TRAINING
    }

    /** @param network without what does not change how it is computed */
    private record Tried(EncoderConfig network, Precision precision, Use use, boolean gpu, Convolution first) {}

    /** @param way the first that was right, if one was */
    record Outcome(Optional<Convolution> way, List<String> failures) {}

    /**
     * The engine as it computes this network rightly.
     *
     * @throws UserException that says what was compared, where it does so in no way
     */
    public static synchronized Torch passed(Torch torch, EncoderConfig network, Use use) {
        Optional<Convolution> known = known(torch, network, use);
        return torch.with(known.orElseGet(() -> {
            Outcome outcome = attempt(torch, network, use);
            return outcome.way().orElseThrow(() -> refusal(torch, network, outcome.failures()));
        }));
    }

    /**
     * Tries the configured network before anything is opened. Where no way is right and this is Millrace's own process, it begins again,
     * under the same process id, with fewer of the processor's instructions.
     *
     * @throws UserException where none is right with the fewest
     */
    public static synchronized void atStart(MillraceConfig config, Use use) {
        try {
            PrivateFolder.make(config.run().data()); // remembers a death in the self-test
        } catch (IOException e) {
            log.debug("{} cannot be made", config.run().data(), e);
        }
        Torch torch = Torch.start(config.run());
        if (use == Use.TRAINING) {
            atStart(torch.with(config.trainer().precision()), config, Use.TRAINING);
            atStart(torch, config, Use.EMBEDDING); // before it publishes an encoder, the trainer embeds with it
        }
        atStart(torch.with(config.encoder().precision()), config, Use.EMBEDDING);
        FewerInstructions.words().ifPresent(SelfTest::say);
    }

    private static void atStart(Torch torch, MillraceConfig config, Use use) {
        if (known(torch, config.encoder(), use).isPresent()) {
            return;
        }
        Outcome outcome = attempt(torch, config.encoder(), use);
        List<String> failures = new ArrayList<>(FewerInstructions.failuresBefore());
        failures.addAll(outcome.failures());
        if (outcome.way().isEmpty()) {
            if (!torch.isGpu()) {
                FewerInstructions.restart(failures);
            }
            throw refusal(torch, config.encoder(), failures);
        }
    }

    /**
     * The engine as it computes the configured network rightly in {@code trainer.precision}.
     *
     * @throws UserException that says what was compared, where it does so in no way
     */
    public static Torch forTraining(MillraceConfig config) {
        Torch torch = Torch.start(config.run()).with(config.trainer().precision());
        return passed(torch, config.encoder(), Use.TRAINING);
    }

    /** What this process computes otherwise than usual, a line each with the reason; empty on most machines. */
    public static List<String> unusual() {
        return List.copyOf(UNUSUAL);
    }

    private static Optional<Convolution> known(Torch torch, EncoderConfig network, Use use) {
        @Nullable Convolution trained = PASSED.get(tried(torch, network, Use.TRAINING));
        return Optional.ofNullable(trained != null ? trained : PASSED.get(tried(torch, network, use)));
    }

    private static Tried tried(Torch torch, EncoderConfig network, Use use) {
        EncoderConfig bare =
                network.withNetwork(network.architecture(), network.stem(), network.channels(), network.norm());
        return new Tried(bare, torch.precision(), use, torch.isGpu(), torch.convolution());
    }

    private static Outcome attempt(Torch torch, EncoderConfig network, Use use) {
        Outcome outcome = firstRight(torch, network, use);
        outcome.way().ifPresent(way -> {
            PASSED.put(tried(torch, network, use), way);
            if (!outcome.failures().isEmpty()) {
                say(words(torch, network) + " is computed with " + way.words() + ", which passes the self-test; "
                        + String.join("; ", outcome.failures()));
            }
        });
        return outcome;
    }

    static Outcome firstRight(Torch torch, EncoderConfig network, Use use) {
        Set<Convolution> ways = new LinkedHashSet<>();
        ways.add(torch.convolution());
        ways.add(Convolution.MATRIX_FOR_POINTS);
        return firstRight(torch, network, use, List.copyOf(ways));
    }

    /** Tries one way after the other; where a process has died over one, a process of its own tries each first. */
    static Outcome firstRight(Torch torch, EncoderConfig network, Use use, List<Convolution> ways) {
        List<String> failures = new ArrayList<>();
        try (DeathRecord deaths = DeathRecord.open(torch.run().data())) {
            for (Convolution way : ways) {
                Optional<String> problem =
                        deaths.any() ? Probe.problem(torch.with(way), network, use, deaths) : Optional.empty();
                if (problem.isEmpty()) {
                    problem = problem(torch.with(way), network, use);
                }
                if (problem.isEmpty()) {
                    return new Outcome(Optional.of(way), failures);
                }
                failures.add((way.words().isEmpty() ? "as usual" : way.words()) + ": " + problem.get());
            }
        }
        return new Outcome(Optional.empty(), failures);
    }

    /** What is wrong with how this engine computes the network, if anything is. */
    static Optional<String> problem(Torch torch, EncoderConfig network, Use use) {
        try {
            new NetworkCheck(torch, network, use == Use.TRAINING).run();
            return Optional.empty();
        } catch (WrongNumberException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static void say(String finding) {
        UNUSUAL.add(finding);
        log.warn("{}", finding);
    }

    static UserException refusal(Torch torch, EncoderConfig network, List<String> failures) {
        return new UserException("this machine computes " + words(torch, network)
                + " wrongly, so nothing is trained or embedded with it. The self-test compared a batch with single images and"
                + " each convolution with plain Java:\n  " + String.join("\n  ", failures)
                + "\nStart again with ONEDNN_MAX_CPU_ISA=SSE41 in the environment, or use another kind of machine."
                + " Please report this with the output of lscpu.");
    }

    private static String words(Torch torch, EncoderConfig network) {
        return network.architecture().key() + " at " + network.height() + "×" + network.width() + "×"
                + network.channels()
                + (torch.precision().isHalf() ? " in " + torch.precision().key() : "");
    }
}
