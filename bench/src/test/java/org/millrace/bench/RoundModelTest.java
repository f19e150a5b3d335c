package org.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** By hand: four slots of a network whose contribution has 51 MB and whose merged state 306 MB, rounds of 100 steps of 300 ms. */
final class RoundModelTest {
    private static final RoundModel.Costs COSTS = new RoundModel.Costs(10e-9, 20e-9, 10e-9, 10e-9, 5e-9, 0.5);
    private static final RoundModel.Load FOUR = new RoundModel.Load(4, 100, 0.3, 128, 51e6, 306e6, 600);

    @Test
    void bytes_fourSlots_everyoneReadsEveryContribution() {
        var model = new RoundModel(COSTS, RoundModel.Place.network("10 GbE", 10), FOUR);
        assertThat(model.workIn()).isEqualTo(204e6);
        assertThat(model.workOut()).isEqualTo(816e6);
        assertThat(model.journalOut()).isEqualTo(4 * 4 * 100 * 600.0);
        assertThat(model.in()).isCloseTo(204e6 + 240e3 + 2800 + 15.3e6, within(1.0));
        assertThat(model.bytesPerImage()).isCloseTo((model.in() + model.out()) / 51_200, within(1e-6));
    }

    @Test
    void seconds_fastNetwork_areThoseOfTheProcessors() {
        var model = new RoundModel(COSTS, RoundModel.Place.network("10 GbE", 10), FOUR);
        assertThat(model.upload()).isCloseTo(51e6 * 30e-9, within(1e-9));
        assertThat(model.merge()).isCloseTo(204e6 * 20e-9 + 306e6 * 5e-9, within(1e-9));
        assertThat(model.adopt()).isCloseTo(model.merge(), within(1e-9));
        double sum = 30 + 0.5 + model.upload() + 2 * model.merge() + 306e6 * 20e-9 / 20;
        assertThat(model.seconds()).isCloseTo(sum, within(1e-9));
        assertThat(model.efficiency()).isCloseTo(30 / sum, within(1e-9));
    }

    @Test
    void seconds_slowNetwork_areThoseOfTheLinks() {
        var model = new RoundModel(COSTS, RoundModel.Place.network("100 Mbit", 0.1), FOUR);
        assertThat(model.merge()).isCloseTo(204 / 12.5 + 1.53, within(1e-9)); // the conductor's link
        assertThat(model.adopt()).isCloseTo(204 / 12.5 + 1.53, within(1e-9)); // each one's own, as much as a broker's
    }

    @Test
    void seconds_oneMachine_processesShareItsCores() {
        var model = new RoundModel(COSTS, RoundModel.Place.thisMachine(0.5, 1.5), FOUR);
        assertThat(model.upload()).isCloseTo(51e6 * 30e-9 * 4 / 1.5, within(1e-9));
        assertThat(model.merge()).isCloseTo((204e6 * 20e-9 + 1.53) / 0.5, within(1e-9)); // one alone
        assertThat(model.adopt()).isCloseTo((204e6 * 20e-9 + 1.53) * 3 / 1.5, within(1e-9)); // three others
    }
}
