package org.millrace.trainer.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.OutFile;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.TrainerConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.keystore.KeyBatch;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.Folders;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.stream.LogImages;

/**
 * The newest whole checkpoint of a run, the trunk, as the beginning of another run: weights, optimiser, replay buffer, place in the
 * stream, the keys of the dictionary under their numbers, and the files of the replay buffer. The trunk is only read, also while it trains. See
 * docs/decisions/0012-infinite-schedule-and-branches.md.
 */
public final class RunBranch {
    private static final String COOL_FROM = "optimiser.cool-from";
    private static final String UNFINISHED = ".unfinished-"; // no run's name begins so

    private final Path trunk; // its folder
    private final Checkpoint checkpoint;
    private final List<KeyBatch> keys; // the dictionary, oldest first

    private RunBranch(Path trunk, Checkpoint checkpoint, List<KeyBatch> keys) {
        this.trunk = trunk;
        this.checkpoint = checkpoint;
        this.keys = keys;
    }

    /** Reads the trunk; throws {@link UserException} where it has no whole checkpoint, or is itself a branch that cools. */
    public static RunBranch of(MillraceConfig trunk) {
        if (trunk.trainer().objective().remembers() == TrainerConfig.Remembers.ROWS) {
            throw new UserException("run " + trunk.run().name()
                    + " cannot be branched: with trainer.objective=memory-bank the rows of its bank change in place,"
                    + " and only their present state could be copied.");
        }
        if (trunk.rounds().several()) {
            throw new UserException(
                    "run " + trunk.run().name() + " cannot be branched: it is trained by several trainers"
                            + " (rounds.slots=" + trunk.rounds().slots()
                            + ") and has no checkpoints of its own. A new run can begin with its"
                            + " encoder: millrace export, then encoder.initial-weights.");
        }
        List<KeyBatch> keys = new ArrayList<>();
        Checkpoint newest = RunFolders.checkpoints(trunk)
                .newestWhole(checkpoint -> {
                    keys.clear();
                    keys.addAll(RunMemory.dictionary(trunk, checkpoint.state()));
                })
                .orElseThrow(() -> new UserException("run " + trunk.run().name() + " has no whole checkpoint under "
                        + trunk.run().folder() + " to branch from. It takes one every "
                        + trunk.trainer().checkpointEverySteps()
                        + " steps (trainer.checkpoint-every-steps) and when it is stopped; name another run with"
                        + " --run NAME or another folder with --set run.data=FOLDER."));
        String coolFrom = newest.state().configuration().getOrDefault(COOL_FROM, "0");
        if (!coolFrom.equals("0")) {
            throw new UserException("run " + trunk.run().name() + " is itself a branch, cooling since step " + coolFrom
                    + ": its rate would jump back up. Branch from the run that it came from, with --run NAME.");
        }
        return new RunBranch(trunk.run().folder(), newest, keys);
    }

    /** The last step that both runs have in common. */
    public long step() {
        return checkpoint.state().step();
    }

    /**
     * Makes the new run on disk, all of it or nothing, to be trained like any other.
     *
     * @param branch the new run's configuration
     * @throws UserException where a run of that name exists, or the configuration does not fit the checkpoint
     */
    public void create(MillraceConfig branch, KafkaSettings kafka, Clock clock) {
        checkFree(branch, kafka);
        RunSettings.compare(checkpoint.state(), branch);
        String name = branch.run().name();
        Path folder = branch.run().folder();
        Path aside = folder.resolveSibling(UNFINISHED + name);
        RunState state = checkpoint.state().asBeginningOf(name, ConfigLoader.effective(branch), clock.millis());
        try {
            Folders.delete(aside);
            PrivateFolder.make(aside);
            if (RunMemory.hasDictionary(branch)) {
                writeKeys(RunFolders.keys(aside), branch);
            }
            RunImages.open(branch, aside).ifPresent(store -> writeImages(store, LogImages.of(branch, kafka)));
            RunFolders.checkpoints(aside, branch).write(checkpoint.withState(state));
            Folders.flush(aside);
            Folders.rename(aside, folder);
        } catch (IOException e) {
            throw new UserException(
                    "cannot write run " + name + " under " + folder + ": " + OutFile.reason(e) + ".", e);
        }
    }

    private static void checkFree(MillraceConfig branch, KafkaSettings kafka) {
        String name = branch.run().name();
        Path folder = branch.run().folder();
        String advice = ". Choose a name that no run has had.";
        if (Files.exists(folder)) {
            throw new UserException("there is a run " + name + " already, in " + folder + advice);
        }
        var topics = branch.run().topics();
        try (TopicSetup setup = new TopicSetup(kafka)) {
            for (String topic : List.of(topics.steps(), topics.encoders(), topics.evaluations())) {
                if (setup.describe(topic).isPresent()) {
                    throw new UserException("there is a run " + name + " already: the topic " + topic + " exists at "
                            + kafka.bootstrapServers() + advice);
                }
            }
        }
    }

    private void writeImages(ImageStore store, LogImages log) {
        try (store) {
            new RunImages(store, log).fill(checkpoint, Optional.of(RunFolders.images(trunk)));
            store.sync();
        } catch (IllegalArgumentException e) {
            throw new UserException(
                    "the checkpoint of step " + step() + " in " + trunk + " cannot be branched from: " + e.getMessage()
                            + ". Try again once the run has taken a newer checkpoint.",
                    e);
        }
    }

    private void writeKeys(Path folder, MillraceConfig branch) {
        try (KeyStore store = RunMemory.keySettings(branch).open(folder)) {
            RunMemory.fill(store, keys, checkpoint.state().keySequence());
            store.sync();
        }
    }
}
