package org.millrace.bench;

/**
 * Time and traffic of a round of V slots on V processes, from the time and the bytes of its parts. With a contribution of C bytes, a state of
 * S, H steps of τ seconds with R bytes of report each, and b images in a batch:
 *
 * <pre>
 *   in    = V·(C + H·R + N) + S/20                   contributions, reports, notices; a state in 20 rounds
 *   out   = V·V·C + V·V·H·R + (V+1)·V·N              everyone reads every contribution and report; notices also the conductor
 *   round = H·τ + fixed + encode + upload + merge + adopt + S·send/20
 *     upload = C·send                                all slots at once
 *     merge  = V·C·(read + fold) + S·state           the conductor, when the last contribution is there
 *     adopt  = the same                              everyone else, when the merge is in the journal
 * </pre>
 *
 * A part that a network carries takes at least as long as its bytes do: at a process's own link, and at the brokers', which share the
 * partitions. Processes of one machine share its cores.
 */
final class RoundModel {
    private static final int NOTICE = 700; // bytes
    private static final int DURABLE_EVERY = 20; // rounds

    private final Costs costs;
    private final Place place;
    private final Load load;

    RoundModel(Costs costs, Place place, Load load) {
        this.costs = costs;
        this.place = place;
        this.load = load;
    }

    /**
     * What the parts take on a core, a byte of a contribution ({@code state}: of the state), in seconds.
     *
     * @param fixed seconds of a round that do not depend on its size
     */
    record Costs(double encode, double send, double read, double fold, double state, double fixed) {}

    /**
     * Where the processes run.
     *
     * @param linkBytes a second, of each machine's link; infinite on one machine
     * @param core share of a core that a process gets which works alone
     * @param cores that the processes get together; infinite where each has a machine
     */
    record Place(String name, double linkBytes, int brokers, int replication, double core, double cores) {
        static Place network(String name, double gigabits) {
            return new Place(name, gigabits * 1e9 / 8, 3, 3, 1, Double.POSITIVE_INFINITY);
        }

        static Place thisMachine(double core, double cores) {
            return new Place("this machine", Double.POSITIVE_INFINITY, 1, 1, core, cores);
        }
    }

    /** What a round is. */
    record Load(int slots, int steps, double stepSeconds, int batch, double contribution, double state, double report) {
        double images() {
            return (double) slots * steps * batch;
        }
    }

    double workIn() {
        return load.slots() * load.contribution();
    }

    double workOut() {
        return load.slots() * workIn();
    }

    double journalIn() {
        return (double) load.slots() * load.steps() * load.report();
    }

    double journalOut() {
        return load.slots() * journalIn();
    }

    double noticesIn() {
        return (double) load.slots() * NOTICE;
    }

    double noticesOut() {
        return (load.slots() + 1) * noticesIn();
    }

    /** Bytes that the brokers take in from the processes. */
    double in() {
        return workIn() + journalIn() + noticesIn() + load.state() / DURABLE_EVERY;
    }

    /** Bytes that the brokers hand out to the processes, without images. */
    double out() {
        return workOut() + journalOut() + noticesOut();
    }

    /** Bytes that one broker sends in a second, to processes and to the other brokers. */
    double brokerOut() {
        return (out() + (place.replication() - 1) * in()) / place.brokers() / seconds();
    }

    double bytesPerImage() {
        return (in() + out()) / load.images();
    }

    double upload() {
        double bytes = load.contribution();
        return slowest(
                bytes * (costs.encode() + costs.send()) * crowd(load.slots()),
                bytes,
                workIn() * place.replication() / place.brokers());
    }

    double merge() {
        return slowest(workIn() * (costs.read() + costs.fold()) * crowd(1), workIn(), workIn() / place.brokers())
                + load.state() * costs.state() * crowd(1);
    }

    /** The process that leads has the state from its merge. */
    double adopt() {
        int others = load.slots() - 1;
        return others == 0
                ? 0
                : slowest(
                                workIn() * (costs.read() + costs.fold()) * crowd(others),
                                workIn(),
                                others * workIn() / place.brokers())
                        + load.state() * costs.state() * crowd(others);
    }

    double compute() {
        return load.steps() * load.stepSeconds();
    }

    double seconds() {
        return compute()
                + costs.fixed()
                + upload()
                + merge()
                + adopt()
                + load.state() * costs.send() * crowd(1) / DURABLE_EVERY;
    }

    /** Images a second of all slots against as many processes that exchange nothing. */
    double efficiency() {
        return compute() / seconds();
    }

    private double crowd(int processes) {
        return Math.max(1 / place.core(), processes / place.cores());
    }

    private double slowest(double work, double linkBytes, double brokerBytes) {
        return Math.max(work, Math.max(linkBytes, brokerBytes) / place.linkBytes());
    }
}
