package org.millrace.server.http;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RoomTest {
    private final Room room = new Room(1000);

    @Test
    void grow_pastTheShareOfAClient_is429AndOthersFindRoom() {
        Room.Place greedy = room.begin("a");
        greedy.grow(500);
        Room.Place second = room.begin("a");
        second.grow(250);
        assertThatThrownBy(() -> second.grow(1)).isInstanceOf(HttpProblem.class).hasMessageContaining("1000 bytes");
        Room.Place other = room.begin("b");
        other.grow(250);
        assertThatThrownBy(() -> other.grow(1)).isInstanceOf(HttpProblem.class);
        greedy.close();
        greedy.close(); // releases once
        other.grow(500);
        assertThatThrownBy(() -> other.grow(1)).isInstanceOf(HttpProblem.class);
        assertThatThrownBy(() -> greedy.grow(1)).as("it has ended").isInstanceOf(HttpProblem.class);
    }

    @Test
    void begin_moreBodiesThanAClientMayHave_is429AndOthersBegin() {
        List<Room.Place> places = new ArrayList<>();
        for (int i = 0; i < 256; i++) {
            places.add(room.begin("a"));
        }
        assertThatThrownBy(() -> room.begin("a")).isInstanceOf(HttpProblem.class);
        for (int i = 0; i < 256; i++) {
            places.add(room.begin("b"));
        }
        assertThatThrownBy(() -> room.begin("c")).isInstanceOf(HttpProblem.class);
        places.forEach(Room.Place::close);
        room.begin("a").grow(750);
    }
}
