// The step's time, the dictionary, the encoders and the checkpoints.

import { byId, empty, h, put, since, table } from './dom.js';
import { accuracy, bytes, comparable, count, counted, duration, fixed, isNumber, percent, clock } from './format.js';

const TINTS = {
  backward: 't0', queries: 't1', keys: 't2', momentum: 't3', update: 't4', wait: 't8', journal: 't7', enqueue: 't6', digest: 't5',
  views: 't0', decode: 't1', fetch: 't2', mix: 't3', plan: 't4',
};

export function showStages({ stages }) {
  const place = byId('stages');
  if (!stages || stages.steps === 0) {
    put(place, empty('No step yet.'));
    return;
  }
  put(place,
    bar('The step', stages.computing, stages.steps),
    bar('In parallel, preparing the next steps', stages.preparing, stages.steps));
}

function bar(title, stages, steps) {
  const total = stages.reduce((sum, stage) => sum + stage.millis, 0);
  const shown = stages.filter((stage) => stage.millis >= 0.004 * total);
  const rest = total - shown.reduce((sum, stage) => sum + stage.millis, 0);
  const strip = h('div', { class: 'stacked', 'aria-hidden': 'true' }, shown.map((stage) => {
    const part = h('i', { class: TINTS[stage.name] ?? 't6' });
    part.style.flex = `${stage.millis} 0 0`;
    return part;
  }));
  const legend = h('ul', { class: 'legend' }, shown.map((stage) => h('li', {},
    h('i', { class: TINTS[stage.name] ?? 't6', 'aria-hidden': 'true' }), stage.name, h('b', {}, duration(stage.millis)))),
    rest >= 0.05 ? h('li', {}, h('i', { 'aria-hidden': 'true' }), 'others', h('b', {}, duration(rest))) : null);
  return [h('h3', {}, `${title}: ${duration(total)}, mean of ${steps}`), strip, legend];
}

export function showDictionary({ dictionary, run }) {
  const place = byId('dictionary');
  if (!dictionary || !run) {
    return;
  }
  if (dictionary.capacity === 0) {
    put(place, empty(`The objective ${run.settings['trainer.objective']} keeps no dictionary of keys.`));
    return;
  }
  const fact = (term, value, unit) => h('div', {}, h('dt', {}, term), h('dd', {}, value, unit ? h('small', {}, unit) : null));
  const missing = () => h('small', {}, 'not enough yet');
  put(place,
    h('dl', { class: 'facts' },
      fact('Fill', percent(dictionary.filled / dictionary.capacity, 0), ` of ${count(dictionary.capacity)}`),
      fact('Oldest key', isNumber(dictionary.oldestAgeSteps) ? fixed(dictionary.oldestAgeSteps, 0) : missing(), isNumber(dictionary.oldestAgeSteps) ? ' steps' : null),
      fact('Consistency', isNumber(dictionary.consistency) ? fixed(dictionary.consistency, 3) : missing())),
    h('div', {
      class: 'stacked thin', role: 'meter', 'aria-label': 'Fill of the dictionary', 'aria-valuemin': 0, 'aria-valuemax': dictionary.capacity, 'aria-valuenow': dictionary.filled,
    }, filled(dictionary.filled / dictionary.capacity)),
    h('p', { class: 'note' }, `${counted(dictionary.filled, 'key')} held, ${count(dictionary.appended)} appended so far.`));
}

function filled(share) {
  const part = h('i', { class: 't0' });
  part.style.flex = `0 0 ${100 * Math.min(1, share)}%`;
  return part;
}

export function showEncoders({ encoders = [], evaluations = [], standing = { held: [], revoked: [] } }) {
  const place = byId('encoders');
  const { revoked } = standing; // listed separately
  const there = new Map([...encoders, ...revoked.flatMap(({ encoder }) => encoder ?? [])].map((encoder) => [encoder.version, encoder]));
  const scores = new Map([...evaluations, ...revoked.flatMap(({ score }) => score ?? [])].map((score) => [score.version, score]));
  const versions = [...new Set([...there.keys(), ...scores.keys()])].sort((a, b) => b - a);
  if (versions.length === 0) {
    put(place, empty('No encoder has been published yet: the trainer publishes the untrained one at its first start.', 'millrace train'));
    return;
  }
  const number = (title) => ({ title, number: true });
  const guarded = [...scores.values()].some((score) => score.oldDomain); // of guard.old-probe
  const newest = [...scores.values()].reduce((late, score) => (!late || score.evaluatedAtMillis > late.evaluatedAtMillis ? score : late), null);
  put(place, table(
    [number('encoder'), number('images'), number('linear (95 %)'), number('kNN (95 %)'), number('of images'), number('RankMe'), number('new neighbours'), ...(guarded ? [number('old domain, linear (95 %)'), number('kNN (95 %)'), number('of images'), number('λ')] : []), { title: 'status' }, { title: 'weights' }],
    versions.map((version) => {
      const score = scores.get(version);
      const encoder = there.get(version);
      const previous = score?.modelDrift?.against.find((one) => one.role === 'PREVIOUS');
      return [
        count(version),
        count(score?.imagesTrained ?? encoder?.images),
        score ? shown(score.linear, comparable(score, newest)) : '–',
        score ? shown(score.neighbours, comparable(score, newest)) : '–',
        score ? count(score.testImages) : '–',
        score?.health ? fixed(score.health.rankMe, 1) : '–',
        previous ? percent(previous.churn, 0) : '–',
        ...(guarded ? oldDomain(score?.oldDomain) : []),
        standingOf(version, standing, score?.standing),
        encoder ? `${bytes(encoder.bytes)}, ${clock(encoder.publishedAtMillis)}` : 'removed',
      ];
    }),
    'Each encoder with its scores'));
}

/** A score on another set of images than the newest one's is no better or worse than those: it is only named. */
function shown(score, sameSet) {
  if (!sameSet) {
    return h('span', { class: 'note' }, `${percent(score.accuracy)} of another set`);
  }
  return score.besideUntrained === 'BELOW' ? h('span', { class: 'bad' }, accuracy(score), ' ↓') : accuracy(score);
}

/** Scores on the domain that the run came from, and λ of the guard after them. */
function oldDomain(old) {
  return old ? [accuracy(old.linear), accuracy(old.neighbours), count(old.testImages), fixed(old.weight, 2)] : ['–', '–', '–', '–'];
}

/** Revoked: by the operator. Held: it moves more neighbours, or loses more on the old domain, than its budget; taken only after it was accepted. */
function standingOf(version, { current, held, revoked }, judged) {
  const revocation = revoked.find((one) => one.version === version);
  if (revocation) {
    const since = `${clock(revocation.revokedAtMillis)}: ${revocation.reason}`;
    return h('span', { class: 'bad', title: `${since}\nmillrace encoders reinstate ${version}` }, 'revoked');
  }
  if (held.includes(version)) {
    const fall = judged?.fall && judged.fall.points > judged.fall.budget
      ? `${fixed(judged.fall.points, 1)} points lost on the old domain against encoder ${judged.fall.against}; the budget is ${fixed(judged.fall.budget, 1)}\n` : '';
    return h('span', { class: 'bad', title: `${fall}millrace evaluate --accept ${version}` }, 'held');
  }
  return version === current ? 'current' : '–';
}

export function showCheckpoints({ checkpoints, rounds, run }) {
  const place = byId('checkpoints');
  if (!checkpoints) {
    return;
  }
  if (rounds && run) {
    put(place, empty(`None: several trainers keep the merged state on the topic ${run.name}.globals.`));
    return;
  }
  if (!checkpoints.local) {
    put(place, empty('The run’s folder is not on this machine, or has no checkpoint yet:'), h('p', { class: 'note' }, h('code', {}, checkpoints.folder)));
    return;
  }
  if (checkpoints.newest.length === 0) {
    put(place, empty('No checkpoint yet: one is taken every trainer.checkpoint-every-steps, and when the run is stopped.'));
    return;
  }
  put(place, table(
    [{ title: 'step', number: true }, { title: 'size', number: true }, { title: 'taken' }],
    checkpoints.newest.map((checkpoint) => [count(checkpoint.step), bytes(checkpoint.bytes), since(checkpoint.takenAtMillis)]),
    'Checkpoints, newest first'));
}

/** What the run and the embedded broker take of this machine's disk, and how fast. */
export function showDisk({ disk }) {
  if (!disk || disk.parts.length === 0) {
    return;
  }
  const names = { RUN: 'run', BROKER: 'embedded broker' };
  const rows = disk.parts.map(({ what, bytes: used, budgetBytes, bytesPerHour }) => [
    names[what],
    isNumber(budgetBytes) && used > budgetBytes ? h('span', { class: 'bad' }, bytes(used)) : bytes(used),
    isNumber(budgetBytes) ? bytes(budgetBytes) : 'none',
    isNumber(bytesPerHour) ? growth(bytesPerHour) : '–',
  ]);
  put(byId('disk'), h('h3', {}, 'Disk'), table(
    [{ title: 'on this disk' }, { title: 'size', number: true }, { title: 'budget', number: true }, { title: 'an hour', number: true }],
    rows,
    'Folders on this disk'), isNumber(disk.usableBytes) ? h('p', { class: 'note' }, `${bytes(disk.usableBytes)} are free.`) : '');
}

const growth = (perHour) => `${perHour < 0 ? '−' : '+'}${bytes(Math.abs(perHour))}`;
