// The state of the run as the server sends it: first the whole, then changes. Histories are lists that grow at their end.

const RETRY_MILLIS = 1500;

export const state = {};
const listeners = [];
let connection = 'connecting';

/** Calls back with the whole state when one of these sections has changed, at most once for each frame. */
export function on(sections, callback) {
  listeners.push({ sections, callback, due: false });
}

export const connected = () => connection === 'live';

/** Notifies every listener again, as after a change of how things are shown. */
export function refresh() {
  tell(null);
}

export function connect() {
  const source = new EventSource('/dashboard/events');
  source.addEventListener('snapshot', (event) => {
    for (const name of Object.keys(state)) {
      delete state[name];
    }
    merge(JSON.parse(event.data));
    become('live');
    tell(null);
  });
  source.addEventListener('change', (event) => {
    const change = JSON.parse(event.data);
    merge(change);
    become('live');
    tell(Object.keys(change));
  });
  source.addEventListener('open', () => become('live'));
  source.addEventListener('error', () => {
    become('lost');
    if (source.readyState === EventSource.CLOSED) { // refused rather than cut off: the browser does not reconnect by itself
      source.close();
      setTimeout(connect, RETRY_MILLIS);
    }
  });
}

function merge(change) {
  for (const [name, value] of Object.entries(change)) {
    if (value && Array.isArray(value.rows) && typeof value.from === 'number') {
      const known = state[name] || [];
      known.length = Math.min(known.length, value.from);
      known.push(...value.rows);
      state[name] = known;
    } else {
      state[name] = value;
    }
  }
}

function become(next) {
  if (connection !== next) {
    connection = next;
    tell(['connection']);
  }
}

function tell(names) {
  for (const listener of listeners) {
    if (!listener.due && (names === null || listener.sections.some((section) => names.includes(section)))) {
      listener.due = true;
      requestAnimationFrame(() => {
        listener.due = false;
        listener.callback(state);
      });
    }
  }
}
