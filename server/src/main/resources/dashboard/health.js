// Health of the features without labels, and collapse.

import { byId, empty } from './dom.js';
import { Chart, axis } from './chart.js';
import { across, acrossScore } from './learning.js';
import { compact, counted, fixed } from './format.js';

const COLLAPSED_SPREAD = 0.01;

let charts;

function make() {
  charts = {
    rankme: new Chart(byId('rankme'), {
      title: 'RankMe', up: 'dimensions', height: 126, format: (value) => fixed(value, 1), tick: compact,
      series: [{ name: '', style: 's1', dots: true }, { name: 'centred', style: 's2', dots: true }],
    }),
    uniformity: new Chart(byId('uniformity'), {
      title: 'Uniformity, lower is better', up: 'uniformity', height: 116, format: (value) => fixed(value, 2), tick: compact, series: [{ name: '', style: 's1', dots: true }],
    }),
    spread: new Chart(byId('spread'), {
      title: 'Spread of projections, 0 is collapsed', up: 'spread', height: 116, least: 0, format: (value) => fixed(value, 3), tick: compact,
      series: [{ name: '', style: 's1' }], limit: { value: COLLAPSED_SPREAD, text: 'collapse' },
    }),
  };
}

export function showHealth({ steps = [], evaluations = [] }) {
  if (!charts) {
    make();
  }
  const healthy = evaluations.filter((score) => score.health);
  const row = (score, values) => ({
    x: acrossScore(score), values, label: `encoder ${score.version}, ${counted(score.imagesTrained, 'image')}`,
  });
  charts.rankme.show(healthy.map((score) => row(score, [score.health.rankMe, score.health.rankMeCentred])), axis.over,
    empty('Not enough yet: measured on each scored encoder.', 'millrace evaluate --watch'));
  charts.uniformity.show(healthy.map((score) => row(score, [score.health.uniformity])), axis.over, empty('Not enough yet.'));
  charts.spread.show(
    steps.filter((point) => point.spread !== null).map((point) => ({ x: across(point), values: [point.spread] })), axis.over,
    empty('Not enough yet: measured at each step.'));
}
